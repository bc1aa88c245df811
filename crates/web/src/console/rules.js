// The only script of the pages about the rules. Everything works without it: it lets the editor's findings follow the
// typing, and a comparison's progress follow the work.
"use strict";

// Milliseconds of rest after which a text is looked at, and between two looks at a comparison.
const REST = 500;
const LOOK_EVERY = 1000;

const editor = document.getElementById("editor");
if (editor) {
  const text = document.getElementById("text");
  const result = document.getElementById("result");
  let timer = 0;
  let asked = null;
  let saving = false;
  const opened = text.value;

  const say = (words) => {
    const line = document.createElement("p");
    line.className = "hint";
    line.textContent = words;
    result.replaceChildren(line);
  };

  // A finding in this file leads to its place in the text.
  const lead = () => {
    for (const finding of result.querySelectorAll("li[data-from]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = editor.dataset.go;
      button.addEventListener("click", () => {
        text.focus();
        text.setSelectionRange(Number(finding.dataset.from), Number(finding.dataset.to));
        const line = text.value.slice(0, Number(finding.dataset.from)).split("\n").length;
        const height = text.scrollHeight / text.value.split("\n").length;
        text.scrollTop = Math.max(0, (line - 6) * height);
      });
      finding.append(button);
    }
  };

  const look = async () => {
    if (asked) asked.abort();
    asked = new AbortController();
    result.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(editor));
      const answer = await fetch(editor.dataset.draft, { method: "POST", body, signal: asked.signal });
      const type = answer.headers.get("content-type") || "";
      const words = await answer.text();
      if (!type.startsWith("text/html") || /<html/i.test(words)) throw new Error("no piece of this page");
      const piece = new DOMParser().parseFromString(words, "text/html").body;
      result.replaceChildren(...piece.childNodes);
      lead();
      result.removeAttribute("aria-busy");
    } catch (failure) {
      if (failure.name === "AbortError") return;
      result.removeAttribute("aria-busy");
      say(editor.dataset.unreachable);
    }
  };

  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, REST);
  });
  // What is to become of the file is looked at as well, before anything is saved.
  for (const choice of editor.querySelectorAll("[name=fate]")) choice.addEventListener("change", look);
  editor.querySelector("[name=new-name]")?.addEventListener("change", () => {
    if (editor.querySelector("[name=fate]:checked")?.value === "rename") look();
  });
  text.addEventListener("keydown", (event) => {
    // Tab stays the key that leaves the field; four spaces are rare and easily typed.
    if (event.key === "Escape") text.blur();
  });
  editor.addEventListener("submit", (event) => {
    saving = event.submitter?.getAttribute("formtarget") !== "_blank";
  });
  window.addEventListener("beforeunload", (event) => {
    if (!saving && text.value !== opened) event.preventDefault();
  });
  lead();
}

const progress = document.getElementById("progress");
if (progress && progress.dataset.goesOn) {
  const look = async () => {
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById("progress");
      if (!now || !now.dataset.goesOn) return location.reload();
      for (const part of ["progress", "p"]) {
        const [old, fresh] = [progress.querySelector(part), now.querySelector(part)];
        if (old && fresh) old.replaceWith(fresh);
        else if (fresh) progress.prepend(fresh);
      }
    } catch {
      // The next look may succeed.
    }
    setTimeout(look, LOOK_EVERY);
  };
  setTimeout(look, LOOK_EVERY);
}
