// Show how far an export, an import or a job is, and then its end, without loading the page again.
//
// data-watch-seconds marks the part of the page that is watched while the work goes on. Its status,
// its bar and each element with data-live are kept up to date. At the end it is replaced, or with
// data-reload-at-end the page is loaded, as more of the page has changed.
const watch = async (shown) => {
  const texts = "[role=status], [data-live]";
  try {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const current = page.getElementById(shown.id);
    // Nothing to show after a logout, or while the server is away: it is tried again.
    if (response.ok && current) {
      const hasEnded = !current.dataset.watchSeconds;
      if (hasEnded && "reloadAtEnd" in shown.dataset) {
        location.reload();
        return;
      }
      const newTexts = current.querySelectorAll(texts);
      shown.querySelectorAll(texts).forEach((element, n) => {
        const text = newTexts[n].textContent;
        if (element.textContent !== text) element.textContent = text;
      });
      const bar = shown.querySelector("progress");
      if (bar) bar.value = current.querySelector("progress").value;
      if (hasEnded) {
        // The status stays, so that a screen reader reads the new sentence.
        current.querySelector("[role=status]").replaceWith(shown.querySelector("[role=status]"));
        shown.replaceWith(current);
        return;
      }
    }
  } catch {
    // The connection is away for a moment.
  }
  watchSoon(shown);
};
const watchSoon = (shown) => setTimeout(watch, shown.dataset.watchSeconds * 1000, shown);
watchSoon(document.querySelector("[data-watch-seconds]"));
