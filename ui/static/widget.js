/*
 * Kefu's chat widget: <script src="https://HOST/widget.js" data-site="NAME" async></script>
 *
 * Knows its server's HTTP interface and how to show an answer, not how answers are found. What a server or a visitor
 * wrote becomes text nodes, never markup. The page gets Kefu.open({message}), close(), toggle() and
 * on("ready" | "open" | "close", listener), which returns its "off"; `message` is put in the input, for the visitor
 * to send. Optional: data-language="zh" or "en"; CSS --kefu-accent, --kefu-on-accent.
 */
(() => {
  "use strict";

  const script = document.currentScript ?? document.querySelector("script[data-site]");
  if (!script || customElements.get("kefu-chat")) return;
  const site = script.dataset.site;
  if (!site) return console.error('Kefu: name the site in the script tag, as in data-site="shop"');
  const server = new URL(script.src).origin;
  const wanted = script.dataset.language || document.documentElement.lang || navigator.language;
  const language = /^zh/i.test(wanted) ? "zh" : "en";

  const t = {
    zh: {
      lang: "zh-CN", launcher: "打开客服对话", name: "在线客服", role: "智能客服 · 自动回答", close: "关闭对话",
      log: "对话内容", input: "请输入您的问题", send: "发送", you: "您：", bot: "客服：", typing: "正在查找答案",
      sources: "来源", suggestions: "您可能想问", up: "有帮助", down: "没有帮助",
      thanks: "谢谢您的反馈", retry: "重试", stopped: "已停止回答。", failed: "抱歉，系统出了点问题，请稍后再试。",
      offline: "暂时连不上客服，请检查网络后重试。", welcome: "您好！请问有什么可以帮您？",
      notice: "您正在与智能客服（程序，并非真人）对话。",
    },
    en: {
      lang: "en", launcher: "Open the chat", name: "Support", role: "Automated assistant", close: "Close the chat",
      log: "Conversation", input: "Type your question", send: "Send", you: "You: ", bot: "Assistant: ", typing: "Looking for the answer",
      sources: "Sources", suggestions: "You may want to ask", up: "Helpful", down: "Not helpful",
      thanks: "Thanks for your feedback", retry: "Try again", stopped: "Stopped.", failed: "Sorry, something went wrong. Please try again in a moment.",
      offline: "We can't reach the chat right now. Check your connection and try again.", welcome: "Hello! How can I help?",
      notice: "You're chatting with an automated assistant, not a person.",
    },
  }[language];

  const MAX_MESSAGE_CHARS = 2000;
  // Also phones held sideways: a floating window would leave no room to read.
  const NARROW = "(max-width: 519.98px), (max-height: 430px)";

  // Drawn in a square of 24 units.
  const CHAT = "M4 5.5h16v11h-8.5L7 20.5v-4H4zM8 9.5h8M8 12.5h5";
  const CROSS = "M6 6l12 12M18 6L6 18";
  const ARROW = "M12 19V5M5.5 11.5L12 5l6.5 6.5";
  const THUMB_UP = "M3.5 10.5h3.5v9h-3.5zM7 11l4-7.5c1.6 0 2.4 1.2 2 2.7l-.8 3.3h5.3a2 2 0 0 1 2 2.3l-1 5.9a2 2 0 0 1-2 1.7h-9.5";
  const THUMB_DOWN = "M3.5 4.5h3.5v9h-3.5zM7 13l4 7.5c1.6 0 2.4-1.2 2-2.7l-.8-3.3h5.3a2 2 0 0 0 2-2.3l-1-5.9a2 2 0 0 0-2-1.7h-9.5";

  // ---- small tools ----

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function icon(path) {
    const [svg, line] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }

  function button(className, label, path, onClick) {
    const node = el("button", { type: "button", class: className, "aria-label": label, title: label }, icon(path));
    node.addEventListener("click", onClick);
    return node;
  }

  // Storage may be switched off or full; the chat then merely forgets on the next page.
  const memory = {
    get(key) {
      try { return sessionStorage.getItem(`kefu.${site}.${key}`); } catch { return null; }
    },
    set(key, value) {
      try { sessionStorage.setItem(`kefu.${site}.${key}`, value); } catch { /* see above */ }
    },
  };

  const bus = new EventTarget();
  const announce = (name) => bus.dispatchEvent(new Event(name));

  // The shop's own words in the visitor's language, or in the one there is.
  const inLanguage = (words) => words?.[language] || words?.en || words?.zh;

  // ---- Markdown: a small subset, as DOM nodes ----

  const ITEM = /^\s*(?:[-*+•]|(\d{1,3})[.)])\s+(.*)$/;
  const HEADING = /^\s*#{1,6}\s+(.*)$/;
  // In this order: `code`, **bold**, [text](url "title"), [1], <url>
  const INLINE = /`([^`]+)`|\*\*(.+?)\*\*|\[([^[\]]+)\]\(((?:[^()\s]|\([^()\s]*\))+)(?:\s+"[^"]*")?\)|\[(\d{1,3})\]|<([a-z]+:[^\s<>]+)>/g;

  function markdown(text, citations = []) {
    const lines = String(text).split(/\r\n?|[\n\u2028\u2029]/);
    const blocks = [];
    while (lines.length) {
      if (lines[0].trim()) blocks.push(table(lines, citations) || list(lines, citations) || paragraph(lines, citations));
      else lines.shift();
    }
    return blocks;
  }

  // Each block function takes its lines off the front, or returns nothing and leaves them.
  function table(lines, citations) {
    if (!isTable(lines)) return;
    const row = (tag, line) => el("tr", {}, ...cells(line).map((cell) => el(tag, {}, ...inline(cell, citations))));
    const head = el("thead", {}, row("th", lines.shift()));
    const body = el("tbody");
    lines.shift();
    while (lines[0]?.includes("|")) body.append(row("td", lines.shift()));
    return el("div", { class: "table" }, el("table", {}, head, body));
  }

  function isTable([head, rule = ""]) {
    return head.includes("|") && rule.includes("|") && rule.includes("-") && /^[\s|:-]+$/.test(rule);
  }

  function cells(line) {
    return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  }

  function list(lines, citations) {
    const [, start] = ITEM.exec(lines[0]) || [null, null];
    if (start === null) return;
    const node = start ? el("ol", { start }) : el("ul");
    for (let item; (item = ITEM.exec(lines[0] ?? "")) && !item[1] === !start; ) {
      lines.shift();
      const parts = inline(item[2], citations);
      while (/^\s+\S/.test(lines[0] ?? "") && !ITEM.test(lines[0])) parts.push(el("br"), ...inline(lines.shift().trim(), citations));
      node.append(el("li", {}, ...parts));
      // Items may stand apart.
      if (!lines[0]?.trim() && ITEM.test(lines[1] ?? "")) lines.shift();
    }
    return node;
  }

  function paragraph(lines, citations) {
    const heading = HEADING.exec(lines[0]);
    // A heading of the page outside would be wrong for its outline, so it is only bold here.
    if (heading) return lines.shift(), el("p", {}, el("strong", {}, ...inline(heading[1], citations)));
    const node = el("p", {}, ...inline(lines.shift().trim(), citations));
    while (lines[0]?.trim() && !ITEM.test(lines[0]) && !HEADING.test(lines[0]) && !isTable(lines)) node.append(el("br"), ...inline(lines.shift().trim(), citations));
    return node;
  }

  function inline(text, citations) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(INLINE)) {
      parts.push(text.slice(end, match.index), span(match, citations));
      end = match.index + match[0].length;
    }
    return [...parts, text.slice(end)].filter((part) => part !== "");
  }

  function span([raw, code, bold, label, url, mark, bare], citations) {
    if (code) return el("code", {}, code);
    if (bold) return el("strong", {}, ...inline(bold, citations));
    if (label) return link(url, ...inline(label, [])) ?? raw;
    if (bare) return link(bare, bare.replace(/^(mailto|tel):/, "")) ?? raw;
    const cited = link(citations.find((citation) => citation.number === Number(mark))?.url, mark);
    cited?.setAttribute("aria-label", `${t.sources} ${mark}`);
    return cited ? el("sup", {}, cited) : raw;
  }

  // The only place that sets an address. The scheme is read from the parsed URL, as a browser would see it.
  function link(address, ...children) {
    const url = parsed(address);
    if (!["http:", "https:", "mailto:", "tel:"].includes(url?.protocol)) return null;
    return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
  }

  function parsed(address) {
    try { return new URL(address); } catch { return null; }
  }

  // ---- the server ----

  /** What went wrong, in a sentence for the visitor. */
  class Failure extends Error {
    constructor(sentence, canRetry) {
      super(sentence);
      this.canRetry = canRetry;
    }
  }

  async function request(path, options) {
    const response = await fetch(server + path, { credentials: "omit", ...options }).catch((error) => {
      throw options?.signal?.aborted ? error : new Failure(t.offline, true);
    });
    if (response.ok) return response;
    const told = (await response.json().catch(() => null))?.message;
    throw new Failure(typeof told === "string" && told ? told : t.failed, response.status === 429 || response.status >= 500);
  }

  function post(path, data, signal) {
    const headers = { "Content-Type": "application/json" };
    return request(path, { method: "POST", headers, body: JSON.stringify({ site, ...data }), signal });
  }

  // Server-sent events of a response: {name, data}. A last event without its blank line was cut off, and is dropped.
  async function* readEvents(body) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (let piece; !(piece = await reader.read()).done; ) {
        rest += decoder.decode(piece.value, { stream: true });
        // A CR at the end may be half of a CRLF, so it waits for the next piece.
        const held = rest.endsWith("\r") ? "\r" : "";
        const blocks = rest.slice(0, rest.length - held.length).replace(/\r\n?/g, "\n").split("\n\n");
        rest = blocks.pop() + held;
        yield* blocks.map(parseEvent).filter((event) => event.data);
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  function parseEvent(block) {
    // Not a pattern with ^ and $: those also stop at U+2028, which JSON may hold as it is.
    const lines = block.split("\n");
    const values = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));
    const data = values("data").join("\n");
    return { name: values("event").pop(), data: data && JSON.parse(data) };
  }

  // ---- what stands under an answer ----

  function sources(citations) {
    const rows = citations.map(({ number, question, url, quote }) => {
      const host = parsed(url)?.host ?? "";
      const words = [el("span", { class: "number" }, String(number)), el("span", {}, question || url, el("small", {}, host))];
      const node = link(url, ...words) ?? el("span", {}, ...words);
      if (quote) node.title = quote;
      return el("li", {}, node);
    });
    return el("div", { class: "sources" }, el("p", {}, t.sources), el("ul", {}, ...rows));
  }

  function suggestions(questions, ask) {
    const buttons = questions.map((question) => {
      const node = el("button", { type: "button" }, question);
      node.addEventListener("click", () => ask(question));
      return node;
    });
    return el("div", { class: "suggestions", role: "group", "aria-label": t.suggestions }, ...buttons);
  }

  // A second press takes a thumb back, which is stored as 0.
  function thumbs(store) {
    let rating = 0;
    const said = el("span", { class: "said", role: "status" });
    const up = button("thumb", t.up, THUMB_UP, () => rate(rating === 1 ? 0 : 1));
    const down = button("thumb", t.down, THUMB_DOWN, () => rate(rating === -1 ? 0 : -1));
    function press(pressed) {
      rating = pressed;
      up.setAttribute("aria-pressed", String(rating === 1));
      down.setAttribute("aria-pressed", String(rating === -1));
    }
    async function rate(wish) {
      const before = rating;
      press(wish);
      const problem = await store(wish).then(() => "", (failure) => failure.message);
      if (problem) press(before);
      said.textContent = problem || (wish ? t.thanks : "");
    }
    press(0);
    return el("div", { class: "thumbs" }, up, down, said);
  }

  function bubble(who, ...children) {
    const speaker = el("span", { class: "speaker" }, who === "you" ? t.you : t.bot);
    return el("div", { class: `turn ${who}` }, el("div", { class: "bubble" }, speaker, ...children));
  }

  /** One answer on its way: dots, then words, then sources and buttons. */
  class Reply {
    #text = "";
    #citations = [];
    #body = el("div", {}, el("span", { class: "typing", role: "img", "aria-label": t.typing }, el("i"), el("i"), el("i")));
    node = bubble("bot", this.#body);

    cite(citations) {
      this.#citations = Array.isArray(citations) ? citations : [];
    }

    // Busy, so that a screen reader waits and reads the answer once instead of word by word.
    add(text) {
      this.node.setAttribute("aria-busy", "true");
      this.#text += text;
      this.#body.replaceChildren(...markdown(this.#text, this.#citations));
    }

    finish(answer, ask, store) {
      this.cite(answer.citations ?? this.#citations);
      this.#body.replaceChildren(...markdown(answer.text, this.#citations));
      if (this.#citations.length) this.#body.after(sources(this.#citations));
      if (answer.suggestions?.length) this.node.append(suggestions(answer.suggestions, ask));
      if (Number.isInteger(answer.turn)) this.node.append(thumbs(store));
      this.node.removeAttribute("aria-busy");
    }

    // What was shown so far goes: the server had not yet stood by it as a whole.
    fail(sentence, retry) {
      this.#body.replaceChildren(el("p", { class: "quiet" }, sentence));
      if (retry) this.node.append(suggestions([t.retry], retry));
      this.node.removeAttribute("aria-busy");
    }
  }

  // ---- the element ----

  class KefuChat extends HTMLElement {
    #root = this.attachShadow({ mode: "open" });
    #launcher = button("launcher", t.launcher, CHAT, () => this.open());
    #narrow = matchMedia(NARROW);
    #conversation = memory.get("conversation") ?? undefined;
    #dialog;
    #log;
    #input;
    #running;
    #question;
    #lastTop = 0;

    constructor() {
      super();
      addStyles(this.#root);
      this.#launcher.lang = t.lang;
      this.#launcher.setAttribute("aria-haspopup", "dialog");
      this.#root.append(this.#launcher);
      this.#narrow.addEventListener("change", () => this.isOpen && this.#show());
      addEventListener("pagehide", () => this.#running?.abort());
    }

    // Also runs when a script of the page swaps its body: the same element is then put into the new one.
    connectedCallback() {
      if (memory.get("open")) this.#show();
    }

    get isOpen() {
      return Boolean(this.#dialog?.open);
    }

    open({ message } = {}) {
      const wasOpen = this.isOpen;
      if (!wasOpen) this.#show();
      if (message) this.#input.value = String(message).slice(0, MAX_MESSAGE_CHARS);
      this.#fitInput();
      this.#input.focus();
      if (!wasOpen) announce("open");
    }

    close() {
      if (!this.isOpen) return;
      this.#dialog.close();
      this.#closed();
    }

    #closed() {
      if (!this.#launcher.hidden) return;
      memory.set("open", "");
      this.#launcher.hidden = false;
      this.#launcher.focus();
      announce("close");
    }

    // On a wide screen the page stays usable beside the dialog. The dialog's own show() would move the focus even when
    // the dialog only comes back after a page load, hence the attribute.
    #show() {
      if (!this.#dialog) this.#build();
      if (this.isOpen) this.#dialog.close();
      this.#dialog.setAttribute("aria-modal", String(this.#narrow.matches));
      if (this.#narrow.matches) this.#dialog.showModal();
      else this.#dialog.open = true;
      this.#launcher.hidden = true;
      memory.set("open", "1");
    }

    #build() {
      const name = el("h2", { id: "name" }, t.name);
      const close = button("close", t.close, CROSS, () => this.close());
      this.#log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": t.log, tabindex: "0" });
      this.#dialog = el(
        "dialog",
        { role: "dialog", "aria-labelledby": "name", lang: t.lang },
        el("header", {}, el("div", {}, name, el("p", {}, t.role)), close),
        this.#log,
        this.#buildForm(),
      );
      this.#dialog.addEventListener("keydown", (event) => this.#onKey(event));
      // The shop's keyboard shortcuts must not fire on what a visitor types here.
      for (const type of ["keypress", "keyup"]) this.#dialog.addEventListener(type, (event) => event.stopPropagation());
      // A phone's back gesture closes a modal dialog without asking us; this event also follows our own close().
      this.#dialog.addEventListener("close", () => this.isOpen || this.#closed());
      this.#root.append(this.#dialog);
      this.#greet(name);
    }

    #buildForm() {
      const attributes = { rows: "1", maxlength: MAX_MESSAGE_CHARS, placeholder: t.input, "aria-label": t.input, enterkeyhint: "send" };
      this.#input = el("textarea", attributes);
      this.#input.addEventListener("input", () => this.#fitInput());
      return el("form", {}, this.#input, button("send", t.send, ARROW, () => this.#submit()));
    }

    #onKey(event) {
      event.stopPropagation();
      // Keys that choose a character belong to the input method; Safari says so only by the code 229.
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Escape") {
        event.preventDefault();
        this.close();
      } else if (event.key === "Enter" && !event.shiftKey && event.target === this.#input) {
        event.preventDefault();
        this.#submit();
      }
    }

    #fitInput() {
      this.#input.style.height = "auto";
      this.#input.style.height = `${this.#input.scrollHeight}px`;
    }

    async #greet(name) {
      const about = await request(`/api/site/${encodeURIComponent(site)}`).then((response) => response.json()).catch(() => null);
      name.textContent = inLanguage(about?.name) || t.name;
      const notice = el("p", { class: "notice" }, inLanguage(about?.notice) || t.notice);
      const welcome = bubble("bot", ...markdown(inLanguage(about?.welcome) || t.welcome));
      // A quick visitor may have asked before this came.
      this.#log.prepend(notice, welcome);
    }

    #submit() {
      const message = this.#input.value.trim();
      if (!message) return;
      this.#input.value = "";
      this.#fitInput();
      this.#send(message);
    }

    #send(message) {
      this.#question = bubble("you", el("p", {}, message));
      this.#log.append(this.#question);
      this.#answer(message);
    }

    async #answer(message) {
      this.#running?.abort();
      const running = (this.#running = new AbortController());
      const reply = new Reply();
      this.#log.append(reply.node);
      this.#follow(true);
      try {
        await this.#read(reply, message, running.signal);
      } catch (error) {
        const stopped = running.signal.aborted;
        const canRetry = !stopped && (error.canRetry ?? true);
        const sentence = stopped ? t.stopped : error instanceof Failure ? error.message : t.offline;
        reply.fail(sentence, canRetry && (() => this.#again(reply, message)));
      }
      this.#follow();
    }

    #again(reply, message) {
      reply.node.remove();
      this.#answer(message);
      this.#input.focus();
    }

    async #read(reply, message, signal) {
      const response = await post("/api/chat", { message, conversation: this.#conversation }, signal);
      for await (const { name, data } of readEvents(response.body)) {
        if (name === "start") this.#remember(data.conversation);
        else if (name === "sources") reply.cite(data.citations);
        else if (name === "delta") reply.add(data.text);
        else if (name === "error") throw new Failure(data.message || t.failed, true);
        else if (name === "answer") return this.#finish(reply, data);
        this.#follow();
      }
      throw new Failure(t.failed, true);
    }

    #remember(conversation) {
      this.#conversation = conversation;
      memory.set("conversation", conversation);
    }

    #finish(reply, answer) {
      const rated = { conversation: this.#conversation, turn: answer.turn };
      const ask = (question) => {
        this.#send(question);
        this.#input.focus();
      };
      reply.finish(answer, ask, (rating) => post("/api/feedback", { ...rated, rating }));
    }

    // Scrolls with the answer until the question is at the top, so that a long answer can be read from its beginning;
    // a visitor who scrolled away is left alone.
    #follow(always = false) {
      if (!always && Math.abs(this.#log.scrollTop - this.#lastTop) > 2) return;
      const limit = this.#question.offsetTop - 12;
      this.#log.scrollTop = Math.min(limit, this.#log.scrollHeight);
      this.#lastTop = this.#log.scrollTop;
    }
  }

  // ---- looks ----

  const CSS = `
    :host {
      all: initial; position: fixed; inset: auto 0 0 auto; z-index: 2147483000; color-scheme: light dark;
      --accent: var(--kefu-accent, #1f5f8b); --on-accent: var(--kefu-on-accent, #fff);
      --paper: #fff; --tint: #f1f3f5; --ink: #1d2329; --soft: #565f69; --line: #d5dae0; --edge: #7d8792; --link: #0b5394; --ring: #0b57d0;
    }
    @media (prefers-color-scheme: dark) {
      :host { --paper: #1b1f24; --tint: #2a3037; --ink: #e8ebee; --soft: #aeb7c0; --line: #3c444d; --edge: #87919c; --link: #9cc8f5; --ring: #9cc8f5; }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .launcher, dialog {
      font: 15px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", sans-serif;
    }
    button, textarea { font: inherit; color: inherit; margin: 0; }
    button { display: inline-grid; place-items: center; min-width: 44px; min-height: 44px; padding: 0; border: 0; border-radius: 12px; background: none; cursor: pointer; }
    svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
    a { color: var(--link); text-underline-offset: 2px; overflow-wrap: anywhere; }
    p, ul, ol, h2 { margin: 0; }
    :focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; }

    .launcher {
      position: fixed; right: calc(20px + env(safe-area-inset-right)); bottom: calc(20px + env(safe-area-inset-bottom));
      width: 56px; height: 56px; border-radius: 50%; background: var(--accent); color: var(--on-accent);
      box-shadow: 0 0 0 2px #fff8, 0 6px 20px #0005; transition: transform .15s;
    }
    .launcher svg { width: 28px; height: 28px; }
    .launcher:hover { transform: scale(1.06); }
    /* Two colours, since any page may lie behind. */
    .launcher:focus-visible { outline-offset: 3px; box-shadow: 0 0 0 3px #fff; }

    dialog {
      position: fixed; inset: auto 20px 20px auto; width: 390px; height: min(650px, 100dvh - 40px); max-width: none; max-height: none;
      margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 16px; overflow: hidden;
      background: var(--paper); color: var(--ink); box-shadow: 0 12px 40px #0004; text-align: start;
    }
    dialog[open] { display: flex; flex-direction: column; animation: rise .18s ease-out; }
    @keyframes rise { from { opacity: 0; transform: translateY(12px); } }
    header { display: flex; align-items: center; gap: 8px; padding: 8px 8px 8px 18px; background: var(--accent); color: var(--on-accent); }
    header div { flex: 1; min-width: 0; }
    h2 { font-size: 16px; line-height: 1.4; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    header p { font-size: 12.5px; line-height: 1.4; }
    header :focus-visible { outline-color: currentColor; outline-offset: -4px; }

    .log { position: relative; flex: 1; padding: 14px 16px; overflow-y: auto; overscroll-behavior: contain; }
    .log:focus-visible { outline-offset: -3px; }
    .notice { margin-bottom: 14px; color: var(--soft); font-size: 12.5px; line-height: 1.5; text-align: center; }
    .turn { display: flex; flex-direction: column; align-items: flex-start; margin-bottom: 14px; }
    .you { align-items: flex-end; }
    .bubble { max-width: 100%; padding: 9px 14px; border-radius: 4px 16px 16px; background: var(--tint); overflow-wrap: anywhere; }
    .you .bubble { max-width: 85%; border-radius: 16px 4px 16px 16px; background: var(--accent); color: var(--on-accent); white-space: pre-wrap; }
    .speaker { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .quiet, .sources p { color: var(--soft); }
    .bubble :is(p, ul, ol, .table) + :is(p, ul, ol, .table) { margin-top: 8px; }
    .bubble :is(ul, ol) { padding-inline-start: 22px; }
    li + li { margin-top: 3px; }
    code { padding: 1px 5px; border: 1px solid var(--line); border-radius: 5px; background: var(--paper); font: 13px ui-monospace, Consolas, monospace; }
    sup { line-height: 0; font-size: 11.5px; font-weight: 600; }
    sup a { margin: 0 1px; padding: 2px 5px; border-radius: 6px; background: var(--paper); text-decoration: none; }
    .table { overflow-x: auto; }
    table { width: 100%; border-collapse: collapse; font-size: 13.5px; line-height: 1.45; }
    th, td { min-width: 4.5em; padding: 5px 8px; border: 1px solid var(--line); text-align: start; vertical-align: top; overflow-wrap: break-word; }
    th { font-weight: 600; }

    .typing { display: inline-flex; gap: 5px; padding: 9px 0; }
    .typing i { width: 7px; height: 7px; border-radius: 50%; background: var(--soft); animation: blink 1.2s infinite; }
    .typing i:nth-child(2) { animation-delay: .2s; }
    .typing i:nth-child(3) { animation-delay: .4s; }
    @keyframes blink { 0%, 70%, 100% { opacity: .3; } 35% { opacity: 1; } }

    .sources { margin-top: 10px; padding-top: 8px; border-top: 1px solid var(--line); font-size: 13px; line-height: 1.4; }
    .bubble .sources ul { padding: 0; list-style: none; }
    .sources li > * { display: flex; gap: 8px; align-items: center; min-height: 44px; padding: 4px 0; text-decoration: none; }
    :is(sup, .sources) a:hover { text-decoration: underline; }
    .number { flex: none; min-width: 20px; border-radius: 6px; background: var(--paper); font-weight: 600; text-align: center; }
    small { display: block; color: var(--soft); font-size: 12px; }

    .suggestions { display: flex; flex-direction: column; align-items: flex-start; gap: 8px; max-width: 100%; margin-top: 8px; }
    .suggestions button { padding: 8px 14px; border: 1px solid var(--edge); border-radius: 22px; color: var(--link); line-height: 1.4; text-align: start; overflow-wrap: anywhere; }
    .suggestions button:hover, .thumb:hover { background: var(--tint); }
    .thumbs { display: flex; align-items: center; margin-top: 4px; color: var(--soft); font-size: 13px; }
    .thumb svg { width: 19px; height: 19px; }
    .thumb[aria-pressed="true"] { color: var(--link); }
    .thumb[aria-pressed="true"] path { fill: currentColor; fill-opacity: .3; }

    form { display: flex; align-items: flex-end; gap: 8px; padding: 10px 12px calc(10px + env(safe-area-inset-bottom)); border-top: 1px solid var(--line); }
    /* Below 16 px a telephone would zoom in on the input. */
    textarea {
      flex: 1; min-width: 0; min-height: 44px; max-height: 130px; padding: 9px 12px; border: 1px solid var(--edge); border-radius: 12px;
      background: var(--paper); font-size: 16px; line-height: 24px; resize: none;
    }
    textarea:focus-visible { outline-width: 2px; outline-offset: 0; }
    ::placeholder { color: var(--soft); opacity: 1; }
    .send { background: var(--accent); color: var(--on-accent); }

    @media ${NARROW} {
      dialog { inset: 0; width: 100%; height: 100dvh; border: 0; border-radius: 0; }
      header { padding-top: calc(8px + env(safe-area-inset-top)); }
    }
    @media (prefers-reduced-motion: reduce) {
      * { animation: none !important; transition: none !important; }
    }
    @media print { :host { display: none; } }
  `;

  // A constructed sheet is not inline style, so a page's Content-Security-Policy lets it pass.
  function addStyles(root) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(el("style", {}, CSS));
    }
  }

  // ---- onto the page ----

  customElements.define("kefu-chat", KefuChat);
  const chat = document.createElement("kefu-chat");
  let isReady = false;

  // <html> gets a new child when its body is parsed, and when a single-page application swaps the body.
  function mount() {
    if (!document.body || chat.isConnected) return;
    document.body.append(chat);
    if (isReady) return;
    isReady = true;
    announce("ready");
  }

  function on(name, listener) {
    const call = () => listener();
    bus.addEventListener(name, call);
    if (name === "ready" && isReady) queueMicrotask(call);
    return () => bus.removeEventListener(name, call);
  }

  window.Kefu = Object.freeze({
    open: (options) => chat.open(options),
    close: () => chat.close(),
    toggle: () => (chat.isOpen ? chat.close() : chat.open()),
    on,
  });
  new MutationObserver(mount).observe(document.documentElement, { childList: true });
  mount();
})();
