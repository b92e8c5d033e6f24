// What a script adds to pages that are whole without one: keys, "select all", the slider's day, the seconds in which to undo, drafts.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const lang = document.documentElement.lang;

  // an error summary takes the focus, so that whoever cannot see it hears it
  const faults = one(".faults[tabindex]");
  if (faults) faults.focus();

  // the slider says which day it means
  const slider = one("#days");
  if (slider) {
    const said = one("#days-to");
    const show = () => {
      if (slider.value === "0") return;
      const [year, month, date] = slider.dataset.from.split("-").map(Number);
      const day = new Date(Date.UTC(year, month - 1, date + Number(slider.value)));
      said.value = day.toLocaleDateString(lang, { timeZone: "UTC", year: "numeric", month: "short", day: "numeric", weekday: "short" });
    };
    slider.addEventListener("input", show);
    show();
  }

  // select all, and how many are selected
  for (const box of all("[data-all]")) {
    const form = box.form, boxes = () => all(`input[name="${box.dataset.all}"]`, form);
    const count = one(`[data-count="${box.dataset.all}"]`, form);
    box.hidden = box.nextElementSibling.hidden = false;
    const tell = () => {
      const ticked = boxes().filter((each) => each.checked).length;
      box.checked = ticked > 0 && ticked === boxes().length;
      box.indeterminate = ticked > 0 && !box.checked;
      if (count) count.value = ticked ? `${ticked} / ${boxes().length}` : "";
    };
    box.addEventListener("change", () => { boxes().forEach((each) => { each.checked = box.checked; }); tell(); });
    form.addEventListener("change", tell);
    tell();
  }

  // as long as there is time to undo
  for (const form of all("form[data-seconds]")) {
    let left = Number(form.dataset.seconds);
    const said = one("output", form), button = one("button", form);
    const tick = () => {
      said.value = left > 0 ? form.dataset.left.replace("{n}", left) : "";
      if (left-- > 0) setTimeout(tick, 1000); else if (!form.dataset.stays) button.disabled = true;
    };
    tick();
  }

  // the map: one stop for the tabulator, arrows within
  for (const grid of all("[data-grid]")) {
    const rows = all("tbody tr", grid).map((row) => all("a", row)).filter((links) => links.length);
    const links = rows.flat();
    links.forEach((link, number) => { link.tabIndex = number ? -1 : 0; });
    grid.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      const row = rows.findIndex((its) => its.includes(document.activeElement));
      if (!step || row < 0) return;
      event.preventDefault();
      const next = rows[Math.min(Math.max(row + step[0], 0), rows.length - 1)];
      const place = step[0] ? nearest(next, document.activeElement) : rows[row].indexOf(document.activeElement) + step[1];
      const link = next[Math.min(Math.max(place, 0), next.length - 1)];
      links.forEach((each) => { each.tabIndex = each === link ? 0 : -1; });
      link.focus();
    });
  }
  function nearest(links, to) {
    const x = to.getBoundingClientRect().left;
    const far = links.map((link) => Math.abs(link.getBoundingClientRect().left - x));
    return far.indexOf(Math.min(...far));
  }

  // single keys, unless somebody writes, or has switched them off
  const off = one("#keys-off");
  if (off) {
    off.checked = localStorage.getItem("keys") === "off";
    off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));
  }
  const writing = () => /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) && document.activeElement.type !== "checkbox";
  let here = -1;
  const list = all("[data-list] tbody tr, [data-list-plain] li");
  here = list.findIndex((row) => one("[aria-current]", row));
  const go = (to) => {
    if (!list.length) return;
    if (here >= 0) list[here].classList.remove("here");
    here = Math.min(Math.max(to, 0), list.length - 1);
    list[here].classList.add("here");
    const link = one("th a, a", list[here]);
    if (link && list[here].parentElement.dataset.listPlain !== undefined) { link.click(); return; }
    (link || list[here]).focus();
    list[here].scrollIntoView({ block: "nearest" });
  };
  const press = (selector) => { const found = one(selector); if (found) found.click(); return Boolean(found); };
  // a digit scores what has no score yet, from the top
  const score = (points) => {
    const field = all("[data-score]").find((each) => !each.value);
    if (!field) return false;
    field.value = String(Math.min(points, Number(field.dataset.score)));
    field.closest("tr").scrollIntoView({ block: "nearest" });
    field.dispatchEvent(new Event("focusout", { bubbles: true }));
    return true;
  };
  // whoever presents goes from one to the next
  const presented = one("[data-presented]");
  const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
  if (presented) {
    go(0);
    document.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (!step || writing() || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      go(here + step);
      list[here].scrollIntoView({ block: "center" });
    });
  }
  const KEYS = {
    "/": () => { const field = one("#q") || one("#find"); field.focus(); field.select(); return true; },
    j: () => { go(here + 1); return true; },
    k: () => { go(here - 1); return true; },
    x: () => here >= 0 && press(`[data-list] tbody tr.here input[type=checkbox]`),
    n: () => press(`[data-list] tbody tr.here button[name=only]`) || press("#bulk .primary"),
    ...Object.fromEntries([..."1234567890"].map((digit) => [digit, () => score(Number(digit) || 10)])),
    a: () => press("[data-key=a]"), r: () => press("[data-key=r]"), e: () => press("[data-key=e]"),
    "?": () => press(".keys summary"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter") {
      const form = document.activeElement.form || one("form[data-send]");
      if (form && form.dataset.send !== undefined) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writing() || (off && off.checked)) return;
    const act = KEYS[event.key.toLowerCase()];
    if (act && act()) event.preventDefault();
  });

  // drafts: every 20 seconds and when a field is left, if something has changed
  for (const form of all("form[data-draft]")) {
    const said = one("[data-saved]", form);
    let kept = new URLSearchParams(new FormData(form)).toString();
    const keep = async () => {
      const now = new URLSearchParams(new FormData(form)).toString();
      if (now === kept) return;
      try {
        const answer = await fetch(form.dataset.draft, { method: "POST", body: new URLSearchParams(now), headers: { accept: "text/plain" } });
        if (!answer.ok) throw new Error(answer.status);
        kept = now;
        said.value = await answer.text();
      } catch { said.value = form.dataset.failed; }
    };
    form.addEventListener("focusout", keep);
    setInterval(keep, 20000);
  }

  // a text is looked through while it is written; a fault leads to its line
  for (const form of all("form[data-live]")) {
    const area = one("textarea", form), found = document.getElementById(form.dataset.live);
    let waiting = 0, asked = 0;
    area.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        const mine = ++asked, data = new FormData(form);
        data.delete("file");
        try {
          const answer = await (await fetch(form.action, { method: "POST", body: data })).text();
          const fresh = new DOMParser().parseFromString(answer, "text/html").getElementById(found.id);
          if (fresh && mine === asked) found.replaceChildren(...fresh.childNodes);
        } catch { /* the button still asks */ }
      }, 800);
    });
    found.addEventListener("click", (event) => {
      const line = Number(event.target.dataset && event.target.dataset.line);
      if (!line) return;
      event.preventDefault();
      const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(before + Number(event.target.dataset.column) - 1, before + area.value.split("\n")[line - 1].length);
      area.scrollTop = Math.max(0, (line - 6) * parseFloat(getComputedStyle(area).lineHeight));
    });
  }

  // copy a table for a spreadsheet
  for (const button of all("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const rows = all("tr", document.getElementById(button.dataset.copy));
      await navigator.clipboard.writeText(rows.map((row) => all("th,td", row).map((cell) => cell.innerText.trim().replace(/\s+/g, " ")).join("\t")).join("\n"));
      button.textContent = button.dataset.done;
    });
  }

  // the big screen turns its panels, unless it is asked not to
  const panels = all("[data-panels] > section");
  if (panels.length) {
    let shown = 0, paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const show = (next) => { shown = (next + panels.length) % panels.length; panels.forEach((panel, number) => { panel.hidden = number !== shown; }); };
    document.body.classList.add("turning");
    show(0);
    setInterval(() => { if (!paused) show(shown + 1); }, 20000);
    document.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "p") { paused = !paused; event.preventDefault(); }
      if (event.key === "ArrowRight") show(shown + 1);
      if (event.key === "ArrowLeft") show(shown - 1);
    });
    setInterval(async () => {
      try {
        const fresh = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
        all("[data-panels] > section", fresh).forEach((panel, number) => { panels[number].innerHTML = panel.innerHTML; });
        one("[data-age]").textContent = one("[data-age]", fresh).textContent;
      } catch { /* the last picture stays, with the time at which it was true */ }
    }, 60000);
  }
})();
