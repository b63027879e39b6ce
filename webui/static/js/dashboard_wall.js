// The wall screen goes from view to view. Views are fetched and put in place, since a new page
// would end full screen. What cannot be fetched leaves the last view, with a word on its age.

const TURN_MS = 20000;
const WAIT_MS = 15000;

const onWall = () => new URLSearchParams(location.search).get("wall") === "1";

// `page()` is what the present view knows, and `put(root)` shows another one in its place.
export function wallScreen({ page, put }) {
  let views = page().views;
  let turn = 0;
  let timer;
  let seen = new Date();

  function say(word, signIn = false) {
    const { language, words } = page();
    const place = document.getElementById("wall-said");
    if (!place) return;
    const time = seen.toLocaleTimeString(language === "zh" ? "zh-CN" : "en-GB", { hour: "2-digit", minute: "2-digit" });
    place.textContent = words[word].replace("{time}", time);
    place.classList.toggle("fault", word !== "updated");
    if (!signIn) return;
    const link = document.createElement("a");
    link.href = `/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}`;
    link.textContent = words.signIn;
    place.append(" ", link);
  }

  async function show(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(WAIT_MS) });
      if (answer.status === 401) return say("signedOut", true);
      if (!answer.ok) return say("stale");
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("dashboard");
      // Whoever must choose a new password is led to another page.
      if (!next) return say("signedOut", true);
      seen = new Date();
      put(next);
      say("updated");
      return true;
    } catch {
      return say("stale");
    }
  }

  async function next() {
    // After a failure the same view is tried again.
    const wanted = (turn + 1) % views.length;
    if (!(await show(views[wanted]))) return;
    turn = wanted;
    // The first view names the next round: other communities may be the busiest by now.
    if (turn === 0) views = page().views;
  }

  function begin() {
    clearInterval(timer);
    timer = setInterval(next, TURN_MS);
  }

  async function toggle() {
    if (onWall()) {
      clearInterval(timer);
      if (document.fullscreenElement) await document.exitFullscreen();
      const q = new URLSearchParams(location.search);
      q.delete("wall");
      location.search = q;
      return;
    }
    await document.documentElement.requestFullscreen?.().catch(() => {});
    views = page().views;
    turn = 0;
    history.replaceState(null, "", views[0]);
    await show(views[0]);
    begin();
  }

  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && onWall()) toggle();
  });
  if (onWall()) {
    say("updated");
    begin();
  }
  return { toggle };
}
