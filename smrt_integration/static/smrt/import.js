// Show how far the import is without loading the page again, and the page of the next state.
const watch = async () => {
  const shown = document.getElementById("imp-page");
  try {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const current = page.getElementById("imp-page");
    // Nothing to show after a logout, or while the server is away: it is tried again.
    if (response.ok && current) {
      const status = shown.querySelector("[role=status]");
      const sentence = current.querySelector("[role=status]");
      // The element stays, so that a screen reader reads the new sentence.
      if (status.textContent !== sentence.textContent) status.textContent = sentence.textContent;
      shown.querySelector("progress").value = current.querySelector("progress").value;
      const numbers = current.querySelectorAll("[data-live]");
      shown.querySelectorAll("[data-live]").forEach((number, n) => {
        number.textContent = numbers[n].textContent;
      });
      if (!current.dataset.watchSeconds) {
        sentence.replaceWith(status);
        shown.replaceWith(current);
        return;
      }
    }
  } catch {
    // The connection is away for a moment.
  }
  setTimeout(watch, shown.dataset.watchSeconds * 1000);
};
setTimeout(watch, document.getElementById("imp-page").dataset.watchSeconds * 1000);
