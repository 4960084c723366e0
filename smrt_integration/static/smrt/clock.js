// Django's date fields compare the browser's clock with the page's and add a note about "server
// time". The page names its time zone instead, and "Now" and "Today" are in it.
"use strict";

const SHORTCUTS = ".calendar-shortcuts, .timelist li:first-child";

// Before the business of a new record is chosen, nobody knows what "Today" and "Now" are.
const removeShortcuts = () => {
    for (const shortcut of document.querySelectorAll(SHORTCUTS)) {
        shortcut.remove();
    }
};

window.addEventListener("DOMContentLoaded", () => {
    if (window.DateTimeShortcuts) {
        window.DateTimeShortcuts.addTimezoneWarning = () => {};
    }
});

window.addEventListener("load", () => {
    if (!document.querySelector("[data-clock]")) {
        // After Django's own listener, which makes them.
        setTimeout(removeShortcuts);
    }
});
