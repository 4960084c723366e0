// Show how far the export is, and then its download, without loading the page again.
const refresh = async () => {
  const shown = document.getElementById("msg-progress");
  try {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const current = page.getElementById("msg-progress");
    // Nothing to show after a logout, or while the server is away: it is tried again.
    if (response.ok && current) {
      const status = shown.querySelector("[role=status]");
      status.textContent = current.querySelector("[role=status]").textContent;
      if (!current.dataset.refreshSeconds) {
        current.querySelector("[role=status]").replaceWith(status);
        shown.replaceWith(current);
        return;
      }
    }
  } catch {
    // The connection is away for a moment.
  }
  setTimeout(refresh, shown.dataset.refreshSeconds * 1000);
};
setTimeout(refresh, document.getElementById("msg-progress").dataset.refreshSeconds * 1000);
