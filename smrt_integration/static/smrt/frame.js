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
