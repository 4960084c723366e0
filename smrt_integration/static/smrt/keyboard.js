// What the theme lets only a mouse press is made a button for the keyboard and for screen readers too.
document.addEventListener("alpine:initialized", () => {
  for (const one of document.querySelectorAll("[x-on\\:click]:not(button, input, select, textarea, summary, [href], [tabindex])")) {
    one.tabIndex = 0;
    one.setAttribute("role", "button");
    one.addEventListener("keydown", (event) => {
      if (event.target === one && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        one.click();
      }
    });
  }
  // Icons are words in a font of pictures: seen as a picture, but read out as "chevron right". Alone on a button, they are its name.
  const names = { add: "Add", close: "Close", local_laundry_service: "Home", search: "Search", filter_list: "Filters", more_horiz: "More", visibility: "Show" };
  for (const icon of document.querySelectorAll(".material-symbols-outlined:not([aria-label])")) {
    const word = icon.textContent.trim();
    const pressed = icon.closest("a, button, [role=button]");
    if (pressed && !pressed.ariaLabel && pressed.textContent.trim() === word) {
      pressed.ariaLabel = pressed.title || names[word] || word.replaceAll("_", " ");
    }
    if (pressed !== icon) {
      icon.ariaHidden = "true";
    }
  }
});

// A choice that is searched for (select2) names itself after what is chosen, which is nothing at first: it is named by its label too.
const nameChoices = () => {
  for (const choice of document.querySelectorAll(".select2-selection[aria-labelledby]")) {
    const label = choice.closest(".select2-container")?.parentElement.querySelector("select")?.labels?.[0];
    if (label) {
      label.id ||= `${label.htmlFor}_label`;
      const names = `${label.id} ${choice.getAttribute("aria-labelledby")}`;
      choice.setAttribute("aria-labelledby", names);
      choice.querySelector("[role=textbox]")?.setAttribute("aria-labelledby", names);
    }
  }
};
// after the functions that make them, which jQuery calls in the order in which they were given to it
window.addEventListener("load", () => window.django?.jQuery?.(nameChoices));
