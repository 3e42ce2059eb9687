// Two conveniences: "Copy" buttons, and pages that show by themselves what is new. Everything works without it.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  if (!field || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = document.body.dataset.copied;
    } catch {
      field.select();
      button.textContent = document.body.dataset.press;
    }
  });
}

// The service says when to look; the page is then read again, and those of its parts are replaced that are marked for it.
const live = document.querySelector("[data-live]")?.dataset.live;
if (live) {
  let stream = null;
  let reading = false;
  let isOld = false;

  const stop = () => {
    document.removeEventListener("visibilitychange", listen);
    stream?.close();
  };

  const replaceParts = (page) => {
    for (const fresh of page.querySelectorAll("[data-part]")) {
      const shown = document.getElementById(fresh.id);
      if (!shown || shown.innerHTML === fresh.innerHTML) continue;
      // Whoever is about to press something there does not lose it.
      if (shown.contains(document.activeElement)) continue;
      shown.replaceChildren(...fresh.childNodes);
      if (!fresh.dataset.live) delete shown.dataset.live;
    }
    // A page that will not change any more says so by not asking to be told.
    if (!document.querySelector("[data-live]")) stop();
  };

  const look = async () => {
    isOld = true;
    if (reading) return;
    reading = true;
    try {
      while (isOld) {
        isOld = false;
        const answer = await fetch(location.href, { redirect: "manual" });
        if (answer.ok) replaceParts(new DOMParser().parseFromString(await answer.text(), "text/html"));
        // Signed out, or gone: the page says so when it is loaded again.
        else if (answer.status < 500) stop();
      }
    } catch {
      // The service is away. Once it is back the stream says to look again.
    } finally {
      reading = false;
    }
  };

  const listen = () => {
    stream?.close();
    stream = null;
    if (document.hidden) return;
    stream = new EventSource(live);
    stream.addEventListener("look", look);
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}
