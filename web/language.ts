// The language of the page: the language of the browser, or the one that the user has chosen.
import { keep, kept } from "./kept.ts";
import { en, type Messages } from "./messages-en.ts";
import { ko } from "./messages-ko.ts";

export const LANGUAGES = { en, ko } as const;
export type Language = keyof typeof LANGUAGES;

/** Keys of the messages without parameters: the possible values of `data-text` and `data-label` in index.html. */
type TextKey = { [key in keyof Messages]: Messages[key] extends string ? key : never }[keyof Messages];

const STORAGE_KEY = "sabang-language";

let current: Language = "en";
const listeners: (() => void)[] = [];

/** Returns the first of the preferred languages, such as `ko-KR`, that the page supports; otherwise English. */
export function languageFor(preferred: readonly string[]): Language {
  const supported = preferred.map((tag) => tag.split("-", 1)[0]!.toLowerCase()).find((tag) => tag in LANGUAGES);
  return (supported as Language | undefined) ?? "en";
}

/** Returns the messages of the current language. Do not keep the result, because the language can change. */
export function messages(): Messages {
  return LANGUAGES[current];
}

export function currentLanguage(): Language {
  return current;
}

/** Calls the listener immediately, and again whenever the language has changed. */
export function onLanguage(listener: () => void): void {
  listeners.push(listener);
  listener();
}

/** Sets the language that the user chose on an earlier visit; without a choice, the language of the browser. */
export function initLanguage(): void {
  const saved = kept(STORAGE_KEY);
  setLanguage(languageFor(saved ? [saved] : navigator.languages));
}

/** Sets the language that the user has chosen, and stores it for the next visit. */
export function chooseLanguage(language: Language): void {
  keep(STORAGE_KEY, language);
  setLanguage(language);
}

function setLanguage(language: Language): void {
  current = language;
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = textOf(element.dataset.text!);
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    element.ariaLabel = textOf(element.dataset.label!);
  }
  for (const listener of listeners) listener();
}

function textOf(key: string): string {
  const message = messages()[key as TextKey];
  if (typeof message !== "string") throw new Error(`there is no message "${key}"; add it to web/messages-en.ts`);
  return message;
}
