// The theme makes some elements clickable with the mouse only. Make them buttons for the keyboard
// and for screen readers, too.
document.addEventListener("alpine:initialized", () => {
  const mouseOnly =
    "[x-on\\:click]:not(button, input, select, textarea, summary, [href], [tabindex])";
  for (const element of document.querySelectorAll(mouseOnly)) {
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.addEventListener("keydown", (event) => {
      if (event.target === element && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        element.click();
      }
    });
  }
  // Icons are ligatures of an icon font: screen readers would read "chevron right". Hide them,
  // and name a button that has nothing but an icon.
  const names = {
    add: "Add",
    close: "Close",
    local_laundry_service: "Home",
    search: "Search",
    filter_list: "Filters",
    more_horiz: "More",
    visibility: "Show",
  };
  for (const icon of document.querySelectorAll(".material-symbols-outlined:not([aria-label])")) {
    const ligature = icon.textContent.trim();
    const button = icon.closest("a, button, [role=button]");
    if (button && !button.ariaLabel && button.textContent.trim() === ligature) {
      button.ariaLabel = button.title || names[ligature] || ligature.replaceAll("_", " ");
    }
    if (button !== icon) {
      icon.ariaHidden = "true";
    }
  }
});

// select2 names a field after its selected option, which is empty at first. Name it by its label,
// too.
const nameSelects = () => {
  for (const selection of document.querySelectorAll(".select2-selection[aria-labelledby]")) {
    const container = selection.closest(".select2-container");
    const label = container?.parentElement.querySelector("select")?.labels?.[0];
    if (label) {
      label.id ||= `${label.htmlFor}_label`;
      const ids = `${label.id} ${selection.getAttribute("aria-labelledby")}`;
      selection.setAttribute("aria-labelledby", ids);
      selection.querySelector("[role=textbox]")?.setAttribute("aria-labelledby", ids);
    }
  }
};
// jQuery calls ready functions in order: this one runs after those that create the fields.
window.addEventListener("load", () => window.django?.jQuery?.(nameSelects));
