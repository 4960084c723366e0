// Show how far the job is without loading the page again. Once it is done, load the page.
const refreshJob = async () => {
  const shown = document.getElementById("intg-job");
  try {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const current = page.getElementById("intg-job");
    // Nothing to show after a logout, or while the server is away: it is tried again.
    if (response.ok && current) {
      if (!current.dataset.refreshSeconds) {
        location.reload();
        return;
      }
      shown.querySelector("[role=status]").textContent =
        current.querySelector("[role=status]").textContent;
      shown.querySelector("progress").value = current.querySelector("progress").value;
      shown.querySelector("h2").textContent = current.querySelector("h2").textContent;
    }
  } catch {
    // The connection is away for a moment.
  }
  setTimeout(refreshJob, shown.dataset.refreshSeconds * 1000);
};
setTimeout(refreshJob, document.getElementById("intg-job").dataset.refreshSeconds * 1000);
