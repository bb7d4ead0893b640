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
const SHORTEST = 3;
const MOST = 12;
let index = null;
let entries = {};

// The index is a script, as pages opened from disk may load nothing else.
function load(path) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${base_url}/${path}`;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function loadIndex() {
  await load("search/lunr.js");
  await load("search/search_index.js");
  const { docs } = window.searchIndex;
  entries = Object.fromEntries(docs.map((doc) => [doc.location, doc]));
  index = lunr(function () {
    this.ref("location");
    this.field("title", { boost: 4 });
    this.field("text");
    for (const doc of docs) this.add(doc);
  });
}

let loading = null;
async function search() {
  loading ??= loadIndex();
  await loading;
  const words = query.value.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter((word) => word.length > 1);
  if (query.value.trim().length < SHORTEST || !words.length) {
    results.replaceChildren();
    return;
  }
  // All of the words, the last of them perhaps not typed to its end.
  const found = index.query((asked) => {
    words.forEach((word, at) => {
      asked.term(lunr.tokenizer(word), { boost: 4 });
      if (at === words.length - 1) asked.term(word, { wildcard: lunr.Query.wildcard.TRAILING, usePipeline: false });
    });
  });
  show(found.slice(0, MOST).map(({ ref }) => entries[ref]));
}

function show(found) {
  results.replaceChildren(...found.map(({ location, title, text }) => {
    const [article, heading, link, words] = ["article", "h3", "a", "p"].map((name) => document.createElement(name));
    link.href = `${base_url}/${location}`;
    link.textContent = title;
    words.textContent = text.length > 160 ? `${text.slice(0, 160)} …` : text;
    heading.append(link);
    article.append(heading, words);
    return article;
  }));
  if (!found.length) results.append(Object.assign(document.createElement("p"), { textContent: "Nothing found." }));
}

query.addEventListener("input", search);
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
