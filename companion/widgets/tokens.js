// What the widgets about tokens share: cuts, bytes, merges, boxes of text.
import { element, onFrame, uniqueId } from "./shared.js";

export const MAX_TEXT = 2000; // characters of a text that a reader types

// ---- cutting text (pure; the twins are companion.tokenization.pieces and
// companion.tokenization.words) ---------------------------------------------

// \s in JavaScript is not white space as Unicode defines it (it has U+FEFF
// and lacks U+0085), so the class is spelt out.
const WS = "\\p{White_Space}";
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}"; // \w

const CUTS = {
  gpt2:
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+" +
    `| ?[^${WS}\\p{L}\\p{N}]+|${WS}+(?!\\P{White_Space})|${WS}+`,
  // without (?i: ), which older browsers lack; ſ is an s in lower case
  gpt4:
    "'(?:[sSſdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+" +
    `|\\p{N}{1,3}| ?[^${WS}\\p{L}\\p{N}]+[\\r\\n]*|${WS}*[\\r\\n]+` +
    `|${WS}+(?!\\P{White_Space})|${WS}+`,
  lines: "[^\\n]*\\n|[^\\n]+",
  words: `[${WORD}]+(?:['’-][${WORD}]+)*|[^${WORD}${WS}]`,
  wordpunct: `[${WORD}]+|[^${WORD}${WS}]+`,
  wordpiece: `[^${WS}\\p{P}\\p{S}]+|[\\p{P}\\p{S}]`,
  characters: "[^]",
};

/** Cut text into pieces: "gpt2", "gpt4", "lines", "words", ... */
export function cut(text, how) {
  return text.match(new RegExp(CUTS[how], "gu")) ?? [];
}

/** The text with U+FFFD for what is no character: half of a pair. */
export function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

// ---- bytes and merges (pure; the twins are companion.tokenization.
// byte_names and bpe_naive) -------------------------------------------------

export const N_BASE = 257; // the end of a text, and the 256 bytes

const inOrder = (printable) =>
  Array.from({ length: 256 }, (_, byte) => byte).filter(
    (byte) =>
      ((byte > 32 && byte < 127) || (byte > 160 && byte !== 173)) === printable,
  );

/** The bytes with the ids 1 to 256: those one can print come first. */
export const BYTES = [...inOrder(true), ...inOrder(false)];
const BYTE_IDS = [];
BYTES.forEach((byte, i) => (BYTE_IDS[byte] = i + 1));

/** The UTF-8 of a text, as ids. */
export function byteIds(text) {
  return Array.from(new TextEncoder().encode(text), (byte) => BYTE_IDS[byte]);
}

/** The bytes of each id, given the pairs that were joined. */
export function tokenBytes(merges) {
  const bytes = [[], ...BYTES.map((byte) => [byte])];
  for (const [a, b] of merges) bytes.push([...bytes[a], ...bytes[b]]);
  return bytes;
}

/** Replace each pair "a b" in a row by `id`, from left to right. */
export function joinPair(row, a, b, id) {
  const joined = [];
  for (let i = 0; i < row.length; i += 1) {
    if (row[i] === a && row[i + 1] === b) {
      joined.push(id);
      i += 1;
    } else joined.push(row[i]);
  }
  return joined;
}

// ---- bytes that a reader can read -----------------------------------------

const MARKS = { " ": "␣", "\n": "↵", "\t": "⇥" };
const UNSEEN = /[\p{C}\p{Z}\ufe00-\ufe0f]/u;

const hex = (number, digits) =>
  number.toString(16).toUpperCase().padStart(digits, "0");

/** A character as it is shown: { text, code } with code for the unseen. */
function shown(character) {
  if (MARKS[character]) return { text: MARKS[character], code: false };
  if (!UNSEEN.test(character)) return { text: character, code: false };
  return { text: `U+${hex(character.codePointAt(0), 4)}`, code: true };
}

/** The same for a text. */
export function partsOfText(text) {
  return Array.from(text, shown);
}

/** How many bytes a character has, by its first; 0 if it is not the first. */
function lengthFrom(lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc0) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/**
 * The same for bytes out of a text: whole characters, and the bytes of
 * unfinished ones as two digits to base 16.
 */
export function partsOfBytes(bytes) {
  const parts = [];
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i];
    const length = lengthFrom(lead);
    if (length && i + length <= bytes.length) {
      const one = Uint8Array.from(bytes.slice(i, i + length));
      parts.push(shown(utf8.decode(one)));
      i += length;
    } else {
      parts.push({ text: hex(lead, 2), code: true });
      i += 1;
    }
  }
  return parts;
}

/** A token in a sentence: 'lo', or 'a‹D0›' with a byte of a character. */
export function quoted(parts) {
  const texts = parts.map(({ text, code }) => (code ? `‹${text}›` : text));
  return `'${texts.join("").replaceAll("›‹", " ")}'`;
}

// ---- boxes and the field to type in ---------------------------------------

/** A token in its box; `more` holds classes beside lm-token. */
export function tokenBox(parts, more = "") {
  const nodes = [];
  for (const { text, code } of parts) {
    if (code) nodes.push(element("span", { class: "lm-code" }, text));
    else if (typeof nodes.at(-1) === "string") nodes.push(nodes.pop() + text);
    else nodes.push(text);
  }
  return element("span", { class: `lm-token ${more}`.trim() }, ...nodes);
}

/** The box that tokens stand in; `update(nodes)` fills it. */
export function tokenRow(label) {
  const node = element("div", {
    class: "lm-tokens", dir: "auto", role: "group", "aria-label": label,
    tabindex: "0", // it may scroll
  });
  return { node, update: (nodes) => node.replaceChildren(...nodes) };
}

/** A field of several lines: { root, set }; onInput gets a whole text. */
export function textField({ label, value, onInput, onChange }) {
  const id = uniqueId();
  const input = element("textarea", {
    id, class: "lm-input", rows: "4", spellcheck: "false", dir: "auto",
    autocomplete: "off", maxlength: MAX_TEXT,
  });
  const set = (text) => {
    if (input.value !== text) input.value = text;
  };
  const tell = onFrame(() => onInput(wellFormed(input.value)));
  input.addEventListener("input", tell);
  input.addEventListener("change", () => onChange?.(wellFormed(input.value)));
  set(value);
  const root = element(
    "div",
    { class: "lm-field lm-tall", "data-lm-name": "text" },
    element("label", { for: id }, label),
    input,
  );
  return { root, set, cancel: tell.cancel };
}
