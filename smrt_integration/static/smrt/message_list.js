// Select all rows of the page at once.
const selectAll = document.getElementById("msg-all");
if (selectAll) {
  const checkbox = selectAll.querySelector("input");
  selectAll.hidden = false;
  checkbox.addEventListener("change", () => {
    for (const box of document.querySelectorAll("input[name=_selected_action]")) {
      box.checked = checkbox.checked;
    }
  });
}

// On a phone, fold the filter; the chips below show which filters are in use.
const filter = document.querySelector(".msg-more");
if (filter && window.matchMedia("(max-width: 767px)").matches) filter.open = false;
