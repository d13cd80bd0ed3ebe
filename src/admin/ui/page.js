// Keeps an open page up to date: after each event of the daemon, and every few seconds because of the other hosts, it
// fetches the page again and replaces the parts that differ. Without this script the page shows one moment.
(() => {
  const REFRESH_MILLISECONDS = 5_000;
  /** Events come in groups. */
  const DEBOUNCE_MILLISECONDS = 200;
  const FETCH_LIMIT_MILLISECONDS = 15_000;
  const RECONNECT_MILLISECONDS = 3_000;

  const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

  /** One number and one unit. A time ahead of this clock, which differs then, stays a time. */
  const ageOf = (date) => {
    const minutes = Math.floor((Date.now() - date.getTime()) / 60_000);
    if (minutes < -1) return zoned.format(date);
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${minutes} min ago`;
    return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 24 / 60)} d ago`;
  };

  /** Shows times in the reader's zone, or as ages; the exact one stays in the title. */
  const localize = (root, selector = "time[datetime]") => {
    for (const time of root.querySelectorAll(selector)) {
      const date = new Date(time.dateTime);
      if (Number.isNaN(date.getTime())) continue;
      const text = time.dataset.age === undefined ? zoned.format(date) : ageOf(date);
      if (time.textContent !== text) time.textContent = text;
      time.title = time.dateTime;
    }
  };

  // The text of each part as the server sent it: the shown one has other times, and folds that the reader opened.
  const sent = new Map();
  for (const part of document.querySelectorAll("[data-live]")) sent.set(part.id, part.innerHTML);
  localize(document);

  // A second press would send an order twice, and show only that the second was refused.
  document.addEventListener("submit", ({ target }) => {
    if (target.method !== "post") return;
    setTimeout(() => target.querySelectorAll("button").forEach((button) => button.disabled = true));
  });
  // The browser may show the page again as it was left.
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  });

  const live = document.getElementById("live");
  if (live === null || live.dataset.events === undefined) return;
  let cutSince = null;
  let isEnded = false;
  const say = (text, isCut) => {
    if (live.textContent !== text) live.textContent = text;
    live.classList.toggle("cut", isCut);
  };
  const shown = () => {
    cutSince = null;
    say("Live", false);
  };
  const cut = () => {
    if (isEnded) return;
    cutSince ??= new Date();
    const at = zoned.format(cutSince);
    say(`Cut off since ${at}: this page may be out of date. Trying again.`, true);
  };
  const end = () => {
    isEnded = true;
    events?.close();
    say("Your session has ended. ", true);
    const link = document.createElement("a");
    link.href = "/ui/sign-in";
    link.textContent = "Sign in again";
    live.append(link);
  };

  /** Identifies an element within its part, also in the part's next version. */
  const keyOf = (element) => (element.id || element.closest("summary")?.parentElement.id) || element.outerHTML;

  /** Keeps the folds that the reader opened, the reader's choices, and the focus. */
  const replace = (part, fresh) => {
    const opened = new Set([...part.querySelectorAll("details[open][id]")].map(({ id }) => id));
    const chosen = new Map([...part.querySelectorAll("select[id]")].map(({ id, value }) => [id, value]));
    const focused = part.contains(document.activeElement) ? keyOf(document.activeElement) : null;
    part.replaceChildren(...fresh.childNodes);
    for (const fold of part.querySelectorAll("details[id]")) if (opened.has(fold.id)) fold.open = true;
    for (const select of part.querySelectorAll("select[id]")) {
      if ([...select.options].some(({ value }) => value === chosen.get(select.id))) {
        select.value = chosen.get(select.id);
      }
    }
    if (focused !== null) {
      [...part.querySelectorAll("a, summary, select, button, [tabindex]")].find((one) => keyOf(one) === focused)
        ?.focus();
    }
    localize(part);
  };

  /** The page is current; it is live if it hears of the next event, too. */
  const connected = () => {
    if (events?.readyState === EventSource.OPEN) shown();
  };

  /** Of the last answer; null: there was none. */
  let tag = null;
  let fetching = false;
  let isWanted = false;
  const refresh = async () => {
    if (isEnded) return;
    isWanted = fetching;
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(location.href, {
        headers: { "X-Honua-Refresh": "1", ...tag !== null && { "If-None-Match": tag } },
        signal: AbortSignal.timeout(FETCH_LIMIT_MILLISECONDS),
      });
      if (answer.status === 401) return end();
      if (answer.status === 304) return connected();
      if (!answer.ok) return cut();
      tag = answer.headers.get("ETag");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const fresh of page.querySelectorAll("[data-live]")) {
        const part = document.getElementById(fresh.id);
        const text = fresh.innerHTML;
        if (part === null || sent.get(fresh.id) === text) continue;
        sent.set(fresh.id, text);
        replace(part, fresh);
      }
      connected();
    } catch {
      cut();
    } finally {
      fetching = false;
      if (isWanted) void refresh();
    }
  };

  let soon = 0;
  const refreshSoon = () => {
    clearTimeout(soon);
    soon = setTimeout(refresh, DEBOUNCE_MILLISECONDS);
  };

  let events = null;
  const follow = () => {
    if (isEnded) return;
    events?.close();
    events = new EventSource("/ui/events");
    // A refusal, as with too many readers, ends an EventSource permanently.
    const source = events;
    source.addEventListener("open", refreshSoon);
    source.addEventListener("error", () => {
      cut();
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => source === events && follow(), RECONNECT_MILLISECONDS);
      }
    });
    for (const kind of live.dataset.events.split(" ")) source.addEventListener(kind, refreshSoon);
  };

  // A hidden page holds no connection: a browser has only six of them for a host.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return follow();
    events?.close();
    events = null;
  });
  setInterval(() => {
    if (document.hidden) return;
    localize(document, "time[data-age]");
    void refresh();
  }, REFRESH_MILLISECONDS);
  if (!document.hidden) follow();
})();
