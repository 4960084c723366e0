// Django's date fields compare the browser's clock with the page's and add a note about "server
// time". The page names its time zone instead, and "Now" and "Today" are in it.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
    if (window.DateTimeShortcuts) {
        window.DateTimeShortcuts.addTimezoneWarning = () => {};
    }
});

window.addEventListener("load", () => {
    // Before the business of a new record is chosen, nobody knows what "Today" and "Now" are.
    if (document.body.querySelector("[data-clock]")) {
        return;
    }
    for (const link of document.querySelectorAll(".datetimeshortcuts > a:first-child")) {
        link.hidden = true;
    }
});
