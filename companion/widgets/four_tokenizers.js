// Four tokenizers with trained vocabularies cut what one types.
import {
  element, legend, listen, onFrame, panel, show, spoken, store, write,
} from "./shared.js";
import {
  N_BASE, byteIds, cut, joinPair, partsOfBytes, partsOfText, textField,
  tokenBox, tokenBytes, tokenRow, wellFormed,
} from "./tokens.js";

const UNKNOWN = 1;

// ---- what the page carries (pure; the twin is four_tokenizers.py) ---------

const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The numbers that a text of `width` digits each, to base 64, stands for. */
export function unpackNumbers(text, width) {
  const numbers = [];
  for (let i = 0; i < text.length; i += width) {
    let number = 0;
    for (const digit of text.slice(i, i + width)) {
      number = 64 * number + DIGITS.indexOf(digit);
    }
    numbers.push(number);
  }
  return numbers;
}

/** The texts that stand in lines; \n and \\ are a line end, a backslash. */
export function unpackTexts(text) {
  if (!text) return [];
  const plain = (_, mark) => (mark === "n" ? "\n" : mark);
  return text.split("\n").map((line) => line.replace(/\\(.)/g, plain));
}

// ---- the tokenizers (pure; the twins are in companion.tokenization) -------
//
// Each takes what the page carries and gives a function from a text to its
// groups of tokens (a group is a word): { id, text } or { id, bytes }.

/** A list: what is not in it is unknown. */
function openList(how) {
  return (spec) => {
    const ids = new Map(unpackTexts(spec.tokens).map((one, i) => [one, i + 2]));
    return (text) =>
      cut(text, how).map((one) => [{ id: ids.get(one) ?? UNKNOWN, text: one }]);
  };
}

function openBytes() {
  return (text) =>
    Array.from(new TextEncoder().encode(text), (byte) => [
      { id: byte + 1, bytes: [byte] },
    ]);
}

/** The longest piece that fits, again and again; a word whole or unknown. */
function openWordPiece(spec) {
  const names = unpackTexts(spec.tokens);
  const ids = new Map(names.map((name, i) => [name, i + 2]));
  const longest = Math.max(0, ...names.map((name) => name.length));
  const cutWord = (word) => {
    const characters = Array.from(word);
    const unknown = [{ id: UNKNOWN, text: word }];
    if (characters.length > spec.max_word_length) return unknown;
    const tokens = [];
    for (let start = 0; start < characters.length; ) {
      const prefix = start ? "##" : "";
      let end = Math.min(characters.length, start + longest);
      const name = () => prefix + characters.slice(start, end).join("");
      while (end > start && !ids.has(name())) end -= 1;
      if (end === start) return unknown;
      tokens.push({ id: ids.get(name()), text: name() });
      start = end;
    }
    return tokens;
  };
  return (text) => cut(text, "wordpiece").map(cutWord);
}

const FIRST_BYTE = 2; // id of the byte 0
const FIRST_PIECE = 258;
const PENALTY = 10; // nats

/** The likeliest way to cut each word, by the Viterbi algorithm. */
function openUnigram(spec) {
  const names = unpackTexts(spec.tokens);
  const scores = unpackNumbers(spec.scores, spec.width).map((n) => -n / 1e6);
  const ids = new Map(names.map((name, i) => [name, FIRST_PIECE + i]));
  const longest = Math.max(0, ...names.map((name) => name.length));
  const missing = Math.min(0, ...scores) - PENALTY;
  const cutWord = (word) => {
    const characters = Array.from(word);
    const n = characters.length;
    const best = [0, ...Array(n).fill(-Infinity)];
    const back = Array(n + 1).fill(0);
    const offer = (start, end, score) => {
      if (best[start] + score > best[end]) {
        best[end] = best[start] + score;
        back[end] = start;
      }
    };
    for (let start = 0; start < n; start += 1) {
      let piece = "";
      for (let end = start + 1; end <= Math.min(n, start + longest); end += 1) {
        piece += characters[end - 1];
        const id = ids.get(piece);
        if (id) offer(start, end, scores[id - FIRST_PIECE]);
      }
      if (!ids.has(characters[start])) offer(start, start + 1, missing);
    }
    const tokens = [];
    for (let end = n; end; end = back[end]) {
      const text = characters.slice(back[end], end).join("");
      if (ids.has(text)) tokens.push({ id: ids.get(text), text });
      else {
        const bytes = Array.from(new TextEncoder().encode(text)).reverse();
        for (const b of bytes) tokens.push({ id: FIRST_BYTE + b, bytes: [b] });
      }
    }
    return tokens.reverse();
  };
  return (text) => cut(text, "gpt2").map(cutWord);
}

/** Byte pairs, joined in the order in which they were learned. */
function openBpe(spec) {
  const flat = unpackNumbers(spec.merges, spec.width);
  const merges = [];
  for (let i = 0; i < flat.length; i += 2) merges.push([flat[i], flat[i + 1]]);
  const bytes = tokenBytes(merges);
  const key = (a, b) => a * 65536 + b;
  const made = new Map(merges.map(([a, b], n) => [key(a, b), N_BASE + n]));
  const cutPiece = (piece) => {
    let row = byteIds(piece);
    for (;;) {
      let first = Infinity;
      for (let i = 0; i + 1 < row.length; i += 1) {
        first = Math.min(first, made.get(key(row[i], row[i + 1])) ?? Infinity);
      }
      if (first === Infinity) break;
      row = joinPair(row, ...merges[first - N_BASE], first);
    }
    return row.map((id) => ({ id, bytes: bytes[id] }));
  };
  return (text) => cut(text, spec.split).map(cutPiece);
}

const KINDS = {
  word: openList("words"),
  "word-punct": openList("wordpunct"),
  character: openList("characters"),
  byte: openBytes,
  wordpiece: openWordPiece,
  unigram: openUnigram,
  bpe: openBpe,
};

/** A tokenizer from what the page carries: a function of a text. */
export function open(spec) {
  return KINDS[spec.kind](spec);
}

/** The ids of each text, as `encode` gives them in Python. */
export function encodeAll(spec, texts) {
  const groups = open(spec);
  return texts.map((text) => groups(text).flat().map(({ id }) => id));
}

const isUnknown = ({ id, bytes }) => id === UNKNOWN && !bytes;

/** How many tokens and words, and how much of it is unknown. */
function measure(groups, text) {
  const tokens = groups.flat();
  const words = cut(text, "words").length;
  return {
    tokens: tokens.length,
    words,
    perWord: words ? tokens.length / words : null,
    unknown: tokens.filter(isUnknown).length,
  };
}

/** The same for each text. */
export function measureAll(spec, texts) {
  const groups = open(spec);
  return texts.map((text) => measure(groups(text), text));
}

// ---- the widget -----------------------------------------------------------

function boxes(groups) {
  const nodes = [];
  for (const group of groups) {
    const piece = element("span", { class: "lm-piece" });
    let last;
    for (const token of group) {
      const { text, bytes } = token;
      const parts = bytes ? partsOfBytes(bytes) : partsOfText(text);
      const box = tokenBox(parts, isUnknown(token) ? "lm-unknown" : "");
      if (isUnknown(token)) box.title = "unknown: its token is <unk>";
      piece.append(box);
      last = parts.at(-1)?.text;
    }
    nodes.push(piece);
    if (last === "↵") nodes.push(element("br"));
  }
  return nodes;
}

const plural = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

function counts({ tokens, perWord, unknown }) {
  const rate = perWord === null ? "" : `, ${show(perWord)} a word`;
  return `${plural(tokens, "token")}${rate}, ${unknown} unknown`;
}

/** Who needs the fewest tokens, and who knows everything, in words. */
export function sentence(parts) {
  const fewest = parts.reduce((a, b) => (b.tokens < a.tokens ? b : a));
  if (!parts.some(({ tokens }) => tokens)) return "There is no text: type some.";
  const but = fewest.unknown ? `, ${fewest.unknown} of them unknown` : "";
  const complete = parts.filter(({ unknown }) => !unknown);
  const known =
    complete.length === parts.length
      ? "Nothing is unknown to any of the four."
      : complete.length
        ? "Nothing is unknown to: " +
          complete.map(({ name, tokens }) => `${name} (${tokens})`).join(", ") +
          "."
        : "Each of the four meets something unknown.";
  return (
    `Fewest tokens: ${fewest.name}, ${fewest.tokens}${but}. ${known}`
  );
}

function drawOne({ name, size }) {
  const row = tokenRow(`cut by ${name}`);
  const line = element("p", { class: "lm-counts lm-number" });
  const node = element(
    "div",
    { class: "lm-one" },
    element(
      "p",
      { class: "lm-name" },
      element("strong", {}, name),
      ` ${size.toLocaleString("en")} in the vocabulary`,
    ),
    row.node,
    line,
  );
  const update = (groups, numbers) => {
    row.update(boxes(groups));
    write(line, counts(numbers));
  };
  return { node, update };
}

function render({ model, el }) {
  const specs = model.get("tokenizers");
  const opened = specs.map(open);
  const view = { text: model.get("text") };
  const root = panel(el, {
    kind: "four",
    title: "Four ways to cut a text",
    hint:
      "Type: each tokenizer cuts your text with the vocabulary it learned. " +
      "A punctuation mark counts as a word.",
  });
  const rows = specs.map(drawOne);
  const told = spoken();
  const draw = onFrame(() => {
    const text = wellFormed(view.text);
    const parts = opened.map((groups, i) => {
      const cutText = groups(text);
      const numbers = measure(cutText, text);
      rows[i].update(cutText, numbers);
      return { name: specs[i].name, ...numbers };
    });
    told.say(sentence(parts));
  });
  const field = textField({
    label: "your text",
    value: view.text,
    onInput: (text) => {
      view.text = text;
      draw();
    },
    onChange: (text) => store(model, { text }),
  });
  root.append(
    field.root,
    element(
      "div", { class: "lm-rows lm-by-two" }, ...rows.map(({ node }) => node),
    ),
    legend([
      ["lm-unknown", "unknown: whatever it was, it becomes <unk>"],
      ["lm-code", "a byte of an unfinished character"],
    ]),
    told.node,
  );
  const forget = listen(model, ["text"], () => {
    if (model.get("text") === view.text) return;
    view.text = model.get("text");
    field.set(view.text);
    draw();
  });
  draw();
  return () => {
    field.cancel();
    draw.cancel();
    told.cancel();
    forget();
  };
}

export default { render };
