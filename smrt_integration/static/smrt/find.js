// The box at the top of every page. While somebody types, the results appear below it. Down and Up
// move among them, Escape closes them, and Ctrl+K or Cmd+K leads to the box.
const WAIT = 250;

const start = (form) => {
  const input = form.querySelector("input");
  const panel = form.querySelector(".find-panel");
  let timer;
  let asked = 0;
  const close = () => {
    asked += 1;
    panel.hidden = true;
  };
  const ask = async () => {
    const typed = input.value.trim();
    if (!typed) {
      close();
      return;
    }
    asked += 1;
    const mine = asked;
    const query = new URLSearchParams({ s: typed, extended: "1" });
    const response = await fetch(`${form.action}?${query}`).catch(() => null);
    // Answers may come in another order than they were asked for.
    if (mine !== asked || !response?.ok || response.redirected) {
      return;
    }
    const html = await response.text();
    if (mine === asked) {
      panel.innerHTML = html;
      panel.hidden = false;
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) {
      // The browser would also empty the box.
      event.preventDefault();
      close();
      input.focus();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [input, ...panel.querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + step];
    if (step && next && !panel.hidden) {
      event.preventDefault();
      next.focus();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) {
      close();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
};

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("form[data-find]").forEach(start);
});
