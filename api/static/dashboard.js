// What makes the pages live: filters apply at once, figures refresh by themselves, the theme can be switched.
// Without it everything works too, by links and by the Apply buttons.
"use strict";
{
  const main = document.getElementById("main");
  const progress = document.getElementById("progress");
  const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });
  let asOf = new Date();
  let timer = 0;
  let latest = 0;

  const busy = (is) => {
    progress.hidden = !is;
    main.setAttribute("aria-busy", String(is));
  };

  // Opened tables stay open, and the place of the keyboard stays where it is.
  const state = () => ({
    open: [...main.querySelectorAll("details[open]")].map((one) => one.closest("section").id),
    focus: document.activeElement?.closest("#main") ? document.activeElement.id || document.activeElement.name : "",
    scroll: [...main.querySelectorAll("section[id] .scroll")].map((one) => [one.closest("section").id, one.scrollTop]),
  });
  const restore = (kept) => {
    for (const id of kept.open) document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
    for (const [id, top] of kept.scroll) {
      const box = document.getElementById(id)?.querySelector(".scroll");
      if (box) box.scrollTop = top;
    }
    if (kept.focus) main.querySelector(`#${CSS.escape(kept.focus)}, [name="${CSS.escape(kept.focus)}"]`)?.focus();
  };

  const show = (text, url) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("main");
    if (!fresh) throw new Error("no page");
    const kept = state();
    main.replaceChildren(...fresh.childNodes);
    main.dataset.refresh = fresh.dataset.refresh;
    document.querySelector(".top nav").replaceWith(page.querySelector(".top nav"));
    if (url !== location.href) history.pushState(null, "", url);
    asOf = new Date();
    ready();
    restore(kept);
  };

  const load = async (url) => {
    const mine = ++latest;
    clearTimeout(timer);
    busy(true);
    try {
      const reply = await fetch(url, { headers: { Accept: "text/html" } });
      const text = await reply.text();
      if (mine === latest) show(text, new URL(url, location.href).href);
    } catch {
      if (mine !== latest) return;
      const notice = document.getElementById("trouble");
      notice.textContent = `The server does not answer. These are the figures of ${clock.format(asOf)} UTC.`;
      notice.hidden = false;
    } finally {
      if (mine === latest) {
        busy(false);
        plan();
      }
    }
  };

  const plan = () => {
    clearTimeout(timer);
    const seconds = Number(main.dataset.refresh);
    if (seconds) timer = setTimeout(refresh, seconds * 1000);
  };
  const refresh = () => {
    const ticked = main.querySelector('input[type="checkbox"]:checked');
    if (document.hidden || ticked) plan();
    else load(location.href);
  };

  const address = (form) => {
    const chosen = new URLSearchParams();
    const dated = form.dataset.dated === "true";
    for (const [name, value] of new FormData(form)) {
      const date = name === "from" || name === "to";
      if (value && (!date || dated || !form.querySelector("[data-told]")) && !(name === "range" && dated)) chosen.append(name, value);
    }
    return `${form.getAttribute("action")}?${chosen}`;
  };

  const live = (form) => {
    form.addEventListener("change", (event) => {
      if (event.target.matches("[data-date]")) form.dataset.dated = "true";
      load(address(form));
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      load(address(form));
    });
  };

  const ready = () => {
    main.querySelectorAll("form[data-filters]").forEach(live);
    drawCharts(main);
    plan();
  };

  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  document.getElementById("theme").addEventListener("click", () => {
    const theme = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
    drawCharts(main);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts(main));
  addEventListener("popstate", () => load(location.href));
  document.addEventListener("visibilitychange", () => document.hidden || Number(main.dataset.refresh) === 0 || plan());

  // What was replayed is told once: a refresh or a bookmark does not tell it again.
  const here = new URL(location.href);
  if (here.searchParams.has("replayed")) {
    here.searchParams.delete("replayed");
    history.replaceState(null, "", here);
  }
  document.documentElement.classList.add("live");
  ready();
}
