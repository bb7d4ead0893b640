"use strict";

// The list of pages is open where there is room beside the text.
const pages = document.getElementById("pages");
const wide = matchMedia("(min-width: 60rem)");
const fit = () => { pages.open = wide.matches; };
wide.addEventListener("change", fit);
fit();

// Whoever asked for less motion starts the loops by hand.
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
  for (const film of document.querySelectorAll("video")) {
    film.autoplay = false;
    film.pause();
    film.controls = true;
  }
}

for (const block of document.querySelectorAll("pre > code.language-sh, pre > code.language-python")) {
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy the code");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  block.parentElement.append(button);
}

// Blocks and tables that scroll can be reached by keyboard.
for (const box of document.querySelectorAll("pre, .table")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

const query = document.getElementById("mkdocs-search-query");
const results = document.getElementById("mkdocs-search-results");
// What was typed before the index had come is looked for as soon as it is there.
addEventListener("DOMContentLoaded", () => {
  window.searchWorker?.addEventListener("message", (event) => {
    if (event.data.allowSearch && query.value) window.doSearch();
  });
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    query.focus();
  }
  if (event.key === "Escape") {
    query.value = "";
    results.replaceChildren();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(".search")) results.replaceChildren();
});
