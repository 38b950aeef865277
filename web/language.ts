// The page's language: the browser's, or the one chosen in the page.
import { en, type Messages } from "./messages-en.ts";
import { ko } from "./messages-ko.ts";

export const LANGUAGES = { en, ko } as const;
export type Language = keyof typeof LANGUAGES;

/** The messages that are a text and no more: what elements of the page can ask for by `data-text` and `data-label`. */
type Plain = { [key in keyof Messages]: Messages[key] extends string ? key : never }[keyof Messages];

const KEPT = "sabang-language";

let current: Language = "en";
const listeners: (() => void)[] = [];

/** The first of the wanted languages, such as `ko-KR`, that the page can speak; English if it speaks none of them. */
export function languageFor(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.split("-", 1)[0]!.toLowerCase()).find((tag) => tag in LANGUAGES);
  return (known as Language | undefined) ?? "en";
}

/** What is said in the language of now. Not to be kept: the next time it may be another one. */
export function messages(): Messages {
  return LANGUAGES[current];
}

export function currentLanguage(): Language {
  return current;
}

/** Calls back whenever the language has changed, and once now. */
export function onLanguage(listener: () => void): void {
  listeners.push(listener);
  listener();
}

/** Speaks the language that was chosen on an earlier visit, or the browser's. */
export function speakOwn(): void {
  const kept = stored((storage) => storage.getItem(KEPT));
  speak(languageFor(kept ? [kept] : navigator.languages));
}

/** Speaks the language that was chosen, now and on the next visit. */
export function choose(language: Language): void {
  stored((storage) => storage.setItem(KEPT, language));
  speak(language);
}

function speak(language: Language): void {
  current = language;
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = plain(element.dataset.text!);
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    element.ariaLabel = plain(element.dataset.label!);
  }
  for (const listener of listeners) listener();
}

function plain(key: string): string {
  const message = messages()[key as Plain];
  if (typeof message !== "string") throw new Error(`the page asks for a message "${key}" that does not exist`);
  return message;
}

/** Where a browser lets pages keep nothing, nothing is kept. */
function stored<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(localStorage);
  } catch {
    return undefined;
  }
}
