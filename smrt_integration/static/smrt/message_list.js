// Ticks all rows of the page at once.
const all = document.getElementById("msg-all");
if (all) {
  const every = all.querySelector("input");
  all.hidden = false;
  every.addEventListener("change", () => {
    for (const box of document.querySelectorAll("input[name=_selected_action]")) box.checked = every.checked;
  });
}

// On a phone the filter is folded until it is asked for; what it says stands below it.
const filter = document.querySelector(".msg-more");
if (filter && window.matchMedia("(max-width: 767px)").matches) filter.open = false;
