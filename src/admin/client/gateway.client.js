/**
 * The little that pages do by themselves, beside htmx: everything here adds comfort to what works without script.
 * Served as it stands; no build step touches it.
 */
const each = (selector, root, work) => {
  for (const element of root.querySelectorAll(selector)) work(element);
};

/** Filters and days are of this zone from the next page on. */
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
// biome-ignore lint/suspicious/noDocumentCookie: not every browser has the Cookie Store API.
document.cookie = `time_zone=${timeZone}; path=/; max-age=31536000; samesite=lax`;
const showZone = (root) =>
  each("[data-zone]", root, (element) => {
    element.textContent = timeZone;
  });

/** Times come as UTC and are shown as this place's, with UTC in the title. */
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const showTimes = (root) =>
  each("time[datetime]:not([data-local])", root, (element) => {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) return;
    element.dataset.local = "";
    element.title = `${element.dateTime.slice(0, 19).replace("T", " ")} UTC`;
    if (element.dataset.relative === undefined) element.textContent = clock.format(at);
  });

const axes = {
  time: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  day: new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }),
};
const showAxes = (root) =>
  each("text[data-at]", root, (mark) => {
    mark.textContent = axes[mark.dataset.form].format(new Date(mark.dataset.at));
  });

const showCopyButtons = (root) =>
  each("[data-copy], [data-pauses]", root, (element) => {
    element.hidden = false;
  });

const select = (control, name) =>
  each(`input[name="${name}"]`, control.form ?? document, (box) => {
    box.checked = control.checked;
  });

/** Lists that are put in order by dragging, or by Alt and the arrow keys; the form's hidden fields follow. */
const moveRow = (row, before) => {
  row.parentElement.insertBefore(row, before);
  row.querySelector("[data-handle]")?.focus();
  row.closest("form")?.dispatchEvent(new CustomEvent("reordered", { bubbles: true }));
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  const palette = event.target.closest?.("#palette");
  // A search field takes the first Escape to empty itself.
  if (palette && event.key === "Escape") {
    event.preventDefault();
    palette.close();
    return;
  }
  if (palette && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const stops = [palette.querySelector("input"), ...palette.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length]?.focus();
    return;
  }
  const row = event.altKey && event.target.closest?.("[data-row]");
  if (row && event.key === "ArrowUp" && row.previousElementSibling) {
    event.preventDefault();
    moveRow(row, row.previousElementSibling);
  }
  if (row && event.key === "ArrowDown" && row.nextElementSibling) {
    event.preventDefault();
    moveRow(row, row.nextElementSibling.nextElementSibling);
  }
});

let dragged;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-row]");
});
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-row]");
  if (!dragged || !over || over === dragged || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const { top, height } = over.getBoundingClientRect();
  moveRow(dragged, event.clientY < top + height / 2 ? over : over.nextElementSibling);
});

const openPalette = () => {
  const dialog = document.getElementById("palette");
  if (dialog === null) return;
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input")?.select();
};

document.addEventListener("click", async (event) => {
  const opener = event.target.closest("[data-palette]");
  if (opener) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.target.id === "palette") event.target.close();
  const pause = event.target.closest("[data-pauses]");
  if (pause) {
    const region = document.getElementById(pause.dataset.pauses);
    pause.setAttribute("aria-pressed", String(region.toggleAttribute("data-paused")));
    region.dispatchEvent(new Event("pause-pressed"));
  }
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(button.dataset.text ?? from?.value ?? from?.textContent ?? "");
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.dataset.selects !== undefined) select(target, target.dataset.selects);
  if (target.dataset.submits !== undefined) target.form?.requestSubmit();
});

/** Disables the submit button and shows its busy label; returning to the page enables it again. */
document.addEventListener("submit", ({ submitter }) => {
  if (submitter?.dataset.busy === undefined) return;
  submitter.dataset.label = submitter.textContent;
  submitter.textContent = submitter.dataset.busy;
  submitter.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () =>
  each("[aria-busy][data-label]", document, (button) => {
    button.textContent = button.dataset.label;
    button.removeAttribute("aria-busy");
  }),
);

/** Passkeys: the authenticator's answer goes into the form, which is sent with it. */
const usePasskey = async (form) => {
  const message = form.querySelector("[data-message]");
  message.hidden = true;
  try {
    const options = JSON.parse(form.dataset.options);
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
          })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
          });
    form.elements.response.value = JSON.stringify(credential.toJSON());
    form.requestSubmit();
  } catch (error) {
    message.hidden = false;
    message.textContent =
      error.name === "InvalidStateError"
        ? "This authenticator already has a passkey for this account."
        : "No passkey was used. Try again, or use another way to sign in.";
  }
};
document.addEventListener("submit", (event) => {
  const { passkey } = event.target.dataset;
  if (passkey === undefined || event.target.elements.response.value !== "") return;
  event.preventDefault();
  usePasskey(event.target);
});

/** The theme turns at once; the form behind the button keeps it. */
document.addEventListener("submit", (event) => {
  if (event.target.dataset.themeForm === undefined) return;
  event.preventDefault();
  const form = event.target;
  const { value } = event.submitter;
  document.documentElement.dataset.theme = value;
  each("button", form, (button) => button.setAttribute("aria-pressed", String(button.value === value)));
  const body = new URLSearchParams([...new FormData(form), ["theme", value]]);
  fetch(form.action, { method: "POST", body });
});

/** Live updates of the server: each event is the region's new inside, or rows to put on top of it. */
const listen = (root) =>
  each("[data-live]:not([data-listening])", root, (region) => {
    region.dataset.listening = "";
    const source = new EventSource(region.dataset.live);
    const state = document.getElementById(`${region.id}-state`);
    const say = (text) => {
      if (state !== null && state.textContent !== text) state.textContent = text;
    };
    source.onopen = () => say("Live");
    source.onerror = () => say("Reconnecting…");
    source.addEventListener("replace", ({ data }) => {
      region.innerHTML = data;
      enhance(region);
    });
    let held = [];
    const show = () => {
      if (region.dataset.paused !== undefined) {
        if (held.length > 0) say("Paused; new entries available");
        return;
      }
      for (const data of held) {
        const rows = document.createElement("template");
        rows.innerHTML = data;
        // After a break the server sends some of them again.
        each("[id]", rows.content, (row) => document.getElementById(row.id) && row.remove());
        region.prepend(rows.content);
      }
      held = [];
      say("Live");
      while (region.children.length > Number(region.dataset.most ?? 200)) region.lastElementChild.remove();
      enhance(region);
    };
    source.addEventListener("prepend", ({ data }) => {
      held = [...held, data].slice(-100);
      show();
    });
    region.addEventListener("pause-pressed", show);
    source.addEventListener("end", () => {
      source.close();
      say("Stream ended. Reload to resume.");
    });
    addEventListener("pagehide", () => source.close());
  });

const enhance = (root) => {
  showTimes(root);
  showAxes(root);
  showZone(root);
  showCopyButtons(root);
  listen(root);
};

/** Addresses are shared: fields without a value are left out of them. */
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") return;
  for (const [name, value] of [...detail.formData]) if (value === "") detail.formData.delete(name);
});

enhance(document);
// Browsers without `scroll-initial-target` start the sidebar at its top.
document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest" });
document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
