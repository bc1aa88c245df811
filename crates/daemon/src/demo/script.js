// Keeps the page up to date: asks a few times a second whether anything changed, and if so takes the new page's
// parts over. Without this script the page reloads itself every two seconds.
"use strict";
const every = 400;
let seen = document.body.dataset.version;

const busy = () => {
  const active = document.activeElement;
  return active && active.tagName === "SELECT";
};

async function look() {
  try {
    const version = await (await fetch("/demo/version", { cache: "no-store" })).text();
    if (version !== seen && !busy()) {
      const text = await (await fetch(location.href, { cache: "no-store" })).text();
      const fresh = new DOMParser().parseFromString(text, "text/html");
      for (const part of [".refusal", ".clock", ".runners", ".mails", ".side"]) {
        const old = document.querySelector(part);
        const now = fresh.querySelector(part);
        if (old && now) old.replaceWith(now);
      }
      seen = fresh.body.dataset.version;
    }
    document.body.classList.remove("away");
  } catch {
    document.body.classList.add("away");
  }
  setTimeout(look, every);
}

document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button");
  if (button && !event.target.target) button.classList.add("turning");
});
setTimeout(look, every);
