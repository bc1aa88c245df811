// Keeps a page of the console up to date: asks its own address every few seconds what is new, and shows it.
// Never while somebody types, has an unsent form, or has selected something. Asks nobody else, stores nothing.
(() => {
  "use strict";
  const part = document.getElementById("live");
  const line = document.getElementById("live-line");
  const said = document.getElementById("live-said");
  if (!part || !line || !said) return;
  const every = Number(part.dataset.every) * 1000;
  let seen = part.dataset.seen;
  let asOf = line.textContent;
  let asking = false;

  const isChanged = (field) =>
    field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
      : field.tagName === "SELECT" ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
      : field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;

  const isBusy = () => {
    const at = document.activeElement;
    const selection = document.getSelection();
    return (part.contains(at) && at.closest("form") !== null)
      || [...part.querySelectorAll("input, textarea, select")].some(isChanged)
      || (selection && !selection.isCollapsed && part.contains(selection.anchorNode));
  };

  // What is known again in the fresh page: where it stands, and what it says.
  const place = (element) => {
    const row = element.closest("tr, article, section");
    return [row?.querySelector("a[href]")?.getAttribute("href"), element.querySelector("summary")?.textContent].join();
  };

  // What the line above the page says.
  const tell = (why) => {
    line.textContent = why ? `${why} ${asOf}` : asOf;
    line.classList.toggle("fault", why === part.dataset.failed);
  };

  const show = (html) => {
    const open = new Set([...part.querySelectorAll("details[open]")].map(place));
    const at = part.contains(document.activeElement) ? document.activeElement : null;
    const link = at?.getAttribute("href");
    const summary = at?.tagName === "SUMMARY" ? place(at.parentElement) : null;
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    part.replaceChildren(...fresh.childNodes);
    part.querySelectorAll("details").forEach((details) => { if (open.has(place(details))) details.open = true; });
    const again = link
      ? part.querySelector(`a[href="${CSS.escape(link)}"]`)
      : summary && [...part.querySelectorAll("details")].find((details) => place(details) === summary)?.querySelector("summary");
    again?.focus({ preventScroll: true });
    said.textContent = "";
    requestAnimationFrame(() => { said.textContent = part.dataset.changed; });
  };

  const ask = async () => {
    if (asking || document.hidden) return;
    if (isBusy()) return tell(part.dataset.waits);
    asking = true;
    try {
      const answer = await fetch(location.href, {
        headers: { "x-afterrun-live": seen }, credentials: "same-origin", cache: "no-store", redirect: "error",
      });
      if (answer.status === 401) return location.reload();
      if (answer.status !== 200 && answer.status !== 204) throw new Error(String(answer.status));
      const hash = answer.headers.get("x-afterrun-live");
      if (!hash) throw new Error("no live page");
      if (answer.status === 200) {
        const html = await answer.text();
        // Somebody may have begun to type meanwhile: the next time, then.
        if (isBusy()) return tell(part.dataset.waits);
        show(html);
      }
      seen = hash;
      asOf = `${part.dataset.asOf} ${answer.headers.get("x-afterrun-as-of")}`;
      tell();
    } catch {
      tell(part.dataset.failed);
    } finally {
      asking = false;
    }
  };

  setInterval(ask, every);
  document.addEventListener("visibilitychange", ask);
})();
