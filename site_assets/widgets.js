// Brings a page's widgets to life without a kernel.
//
// A notebook stores the state of its widgets; the site embeds it in the page.
// Every widget of this book is an anywidget: its state holds its own program
// (`_esm`) and style (`_css`). This file gives the program the same `model`
// that anywidget gives it in JupyterLab, so that it computes here, in the
// browser. Other ipywidgets need a kernel, and the page says so.
(() => {
  const STATE = "application/vnd.jupyter.widget-state+json";
  const VIEW = "application/vnd.jupyter.widget-view+json";

  class Model {
    #listeners = []; // [event, callback]
    #values;

    constructor(values, manager) {
      this.#values = { ...values };
      this.widget_manager = manager;
    }

    get(name) {
      return this.#values[name];
    }

    set(name, value) {
      const changes = typeof name === "object" ? name : { [name]: value };
      const changed = Object.keys(changes).filter(
        (key) => this.#values[key] !== changes[key],
      );
      Object.assign(this.#values, changes);
      for (const key of changed) this.#tell(`change:${key}`, changes[key]);
      if (changed.length) this.#tell("change");
    }

    on(events, callback) {
      for (const event of events.split(/\s+/)) {
        this.#listeners.push([event, callback]);
      }
    }

    off(events = null, callback = null) {
      const names = events?.split(/\s+/);
      this.#listeners = this.#listeners.filter(
        ([event, listener]) =>
          (names && !names.includes(event)) ||
          (callback && listener !== callback),
      );
    }

    #tell(event, ...details) {
      for (const [name, callback] of [...this.#listeners]) {
        if (name === event) callback(this, ...details);
      }
    }

    save_changes() {} // there is no kernel to tell
    send() {}
  }

  // Binary values are stored apart, as base64, each with a path to its place.
  function restore({ state, buffers = [] }) {
    for (const { path, data } of buffers) {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const last = path.length - 1;
      let place = state;
      for (const key of path.slice(0, last)) place = place[key] ??= {};
      place[path[last]] = new DataView(bytes.buffer);
    }
    return state;
  }

  // The site keeps programs and styles in files of their own, see
  // tools/sphinx_book.py; a page that does not has them in the state.
  const isAddress = (text) => /^(\.\/|https?:)/.test(text);
  const resolve = (address) => new URL(address, document.baseURI).href;

  async function load(program) {
    const url = isAddress(program)
      ? resolve(program)
      : URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const found = await import(url);
    const widget = found.default ?? found;
    return typeof widget === "function" ? widget() : widget;
  }

  const worn = new Map(); // style -> promise that it is there
  function wear(css) {
    if (css && !worn.has(css)) worn.set(css, put(css));
    return worn.get(css);
  }

  function put(css) {
    const link = isAddress(css);
    const tag = document.createElement(link ? "link" : "style");
    if (!link) tag.textContent = css;
    const there = new Promise((done) => {
      if (!link) return done();
      tag.onload = tag.onerror = done;
      Object.assign(tag, { rel: "stylesheet", href: resolve(css) });
    });
    document.head.append(tag);
    return there;
  }

  function needsKernel(place) {
    const note = document.createElement("p");
    note.className = "lm-needs-kernel";
    note.textContent =
      "This control needs a running kernel: open the page in JupyterLab or Colab.";
    place.append(note);
  }

  function start() {
    const script = document.querySelector(`script[type="${STATE}"]`);
    if (!script) return;
    const stored = JSON.parse(script.textContent).state;
    const alive = new Map(); // model id -> promise of {model, widget}
    const manager = { get_model: async (id) => (await wake(id)).model };

    async function prepare(id) {
      const { _esm, _css, ...values } = restore(stored[id]);
      const model = new Model(values, manager);
      if (!_esm) return { model, widget: null };
      await wear(_css);
      const widget = await load(_esm);
      await widget.initialize?.({ model });
      return { model, widget };
    }

    function wake(id) {
      if (!alive.has(id)) alive.set(id, prepare(id));
      return alive.get(id);
    }

    async function show(view) {
      const id = JSON.parse(view.textContent).model_id;
      if (!stored[id]) return;
      const el = document.createElement("div");
      el.className = "lm-view";
      view.after(el);
      const { model, widget } = await wake(id);
      if (!widget) return needsKernel(el);
      const signal = new AbortController().signal;
      await widget.render?.({ model, el, signal });
      el.dataset.ready = "true";
    }

    for (const view of document.querySelectorAll(`script[type="${VIEW}"]`)) {
      show(view).catch((error) => console.error(error));
    }
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
