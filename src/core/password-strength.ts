/**
 * Finds new passwords that attackers try first: those made of the organization's and the user's own names, and those made
 * of the most common passwords, keyboard rows and repetitions. What remains of a password without such parts must be long
 * enough to be unpredictable. Composition rules are not applied (NIST SP 800-63B).
 */

export type PasswordWeakness = "context" | "common" | "breached";

export const PASSWORD_WEAKNESS_MESSAGES: Readonly<Record<PasswordWeakness, string>> = {
  common: "The password is too common. Use a passphrase of several unrelated words.",
  breached:
    "The password is known from a data breach. Use a passphrase of several unrelated words that you use nowhere else.",
  context: "The password consists of known names. Use a passphrase of several unrelated words.",
};

/** Fewer characters than this beside predictable parts make a password predictable. */
const MIN_UNPREDICTABLE_LENGTH = 6;
const MIN_WORD_LENGTH = 4;
const MIN_RUN_LENGTH = 3;
/** Of a password. */
const MAX_LENGTH = 128;

/** Of this product: attackers can see where they are. */
const PRODUCT_WORDS = ["gateway", "registry", "server", "admin", "login", "signin"];

/** Longer words first, because they are removed in order. */
function byLength(left: string, right: string): number {
  return right.length - left.length;
}

/** The words that the lists of the most common passwords consist of. */
const COMMON_WORDS = (
  "administrator motherfucker manchester liverpool christopher password1 passw0rd password passwort passphrase " +
  "sunshine princess football baseball basketball superman batman pokemon starwars whatever trustno welcome letmein " +
  "iloveyou loveyou computer internet michelle jennifer jessica anthony alexander charlie jordan michael daniel thomas " +
  "matthew andrew joshua robert william george ashley nicole hannah amanda chelsea arsenal barcelona juventus " +
  "mustang harley hunter ranger dragon monkey master shadow killer ginger summer winter spring autumn secret " +
  "freedom freepass google facebook linkedin youtube samsung iphone apple orange banana chocolate cookie butterfly " +
  "flower london berlin america canada germany france access change changeme default system manager test testing " +
  "hello hallo qwerty qwertz azerty asdfgh zxcvbn qazwsx qweasd qwer asdf zxcv yxcv love angel baby lovely pass user " +
  "guest root temp demo money lucky happy forever family friend friends soccer hockey tigger buster pepper maggie " +
  "january february march april june july august september october november december monday friday sunday fuckyou fuck"
)
  .split(" ")
  .toSorted(byLength);

const ROWS = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890",
  "qwertyuiop",
  "qwertzuiop",
  "asdfghjkl",
  "zxcvbnm",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
  "1q2w3e4r5t6y7u8i9o0p",
];
const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

/** `context`: names that an attacker can guess, such as those of the user, the email address and the organization. */
export function findPasswordWeakness(
  password: string,
  context: readonly string[],
): "context" | "common" | undefined {
  const text = password.normalize("NFKC").toLowerCase().slice(0, MAX_LENGTH);
  if (isPredictable(text, COMMON_WORDS)) return "common";
  const words = [...PRODUCT_WORDS, ...context.flatMap(splitWords), ...COMMON_WORDS];
  return isPredictable(text, words.toSorted(byLength)) ? "context" : undefined;
}

const splitWords = (name: string): string[] =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length >= MIN_WORD_LENGTH)
    .slice(0, 20);

/** As it is written, and with digits read as the letters that they stand for. */
function isPredictable(text: string, words: readonly string[]): boolean {
  const letters = [...text].map((character) => LEET[character] ?? character).join("");
  return [text, letters].some((each) => countUnpredictable(each, words) < MIN_UNPREDICTABLE_LENGTH);
}

/** Different letters, and at most two digits: digits behind a word are a year or a counter. */
function countUnpredictable(text: string, words: readonly string[]): number {
  const rest = new Set(removeRuns(words.reduce((left, word) => left.replaceAll(word, " "), text)));
  const letters = [...rest].filter((character) => /\p{L}/u.test(character)).length;
  const digits = [...rest].filter((character) => /\p{N}/u.test(character)).length;
  return letters + Math.min(2, digits);
}

/** Removes runs along the alphabet, the digits and the rows of a keyboard, in both directions, and repeated characters. */
function removeRuns(text: string): string {
  let rest = "";
  for (let at = 0; at < text.length; ) {
    const length = Math.max(...RUNS.map((row) => runLength(text, at, row)), repetitionLength(text, at));
    if (length < MIN_RUN_LENGTH) {
      rest += text[at];
      at += 1;
    } else {
      rest += " ";
      at += length;
    }
  }
  return rest;
}

const RUNS = ROWS.flatMap((row) => [row, [...row].toReversed().join("")]);

function runLength(text: string, from: number, row: string): number {
  const start = row.indexOf(text.slice(from, from + MIN_RUN_LENGTH));
  if (start < 0) return 0;
  let length = MIN_RUN_LENGTH;
  while (start + length < row.length && text[from + length] === row[start + length]) length += 1;
  return length;
}

function repetitionLength(text: string, from: number): number {
  let length = 1;
  while (text[from + length] === text[from]) length += 1;
  return length;
}
