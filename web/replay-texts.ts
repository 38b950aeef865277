// What the page of replays says, in the browser's language.
import type { Hindrance } from "../replay/format.ts";

/** Its texts. What is missing is a fault that the compiler finds. */
export interface ReplayTexts {
  title: string;
  choose: string;
  drop: string;
  play: string;
  pause: string;
  time: string;
  speed: string;
  follow: string;
  another: string;
  loading: string;
  nobody: string;
  players: (count: number) => string;
  cutOff: string;
  differs: string;
  unreadable: string;
  hindrances: Record<Hindrance, string>;
}

const en: ReplayTexts = {
  title: "Replay",
  choose: "Open a recording",
  drop: "or drop a .replay file anywhere on this page",
  play: "Play",
  pause: "Pause",
  time: "Time",
  speed: "Speed",
  follow: "Follow",
  another: "Open another",
  loading: "Loading…",
  nobody: "nobody",
  players: (count) => (count === 1 ? "1 player" : `${count} players`),
  cutOff: "This recording was cut off; what is there is played.",
  differs: "From here on it is not as it was:",
  unreadable: "This file cannot be played.",
  hindrances: {
    foreign: "This is no recording of sabang.",
    format: "This recording is of another format.",
    damaged: "This recording is damaged.",
    empty: "There is nothing in this recording to play.",
    rules: "This recording was made with other rules.",
    map: "This recording was made on another map than the server has.",
    version: "This recording was made by another version of sabang.",
    truncated: "This recording was cut off.",
  },
};

const ko: ReplayTexts = {
  title: "다시 보기",
  choose: "기록 파일 열기",
  drop: "또는 .replay 파일을 이 페이지에 끌어다 놓으세요",
  play: "재생",
  pause: "일시정지",
  time: "시간",
  speed: "속도",
  follow: "따라가기",
  another: "다른 파일 열기",
  loading: "불러오는 중…",
  nobody: "아무도 없음",
  players: (count) => `플레이어 ${count}명`,
  cutOff: "중간에 잘린 기록입니다. 남아 있는 부분만 재생합니다.",
  differs: "여기부터는 기록과 다릅니다:",
  unreadable: "재생할 수 없는 파일입니다.",
  hindrances: {
    foreign: "sabang의 기록 파일이 아닙니다.",
    format: "다른 형식의 기록입니다.",
    damaged: "손상된 기록입니다.",
    empty: "이 기록에는 재생할 것이 없습니다.",
    rules: "다른 규칙으로 만들어진 기록입니다.",
    map: "서버에 있는 맵과 다른 맵에서 만들어진 기록입니다.",
    version: "다른 버전의 sabang에서 만들어진 기록입니다.",
    truncated: "중간에 잘린 기록입니다.",
  },
};

/** The texts in the first of the wanted languages, such as `ko-KR`, that there are; in English if there is none. */
export function textsFor(wanted: readonly string[]): { language: "en" | "ko"; texts: ReplayTexts } {
  const language = wanted.map((tag) => tag.split("-", 1)[0]!.toLowerCase()).find((tag) => tag === "ko" || tag === "en");
  return language === "ko" ? { language, texts: ko } : { language: "en", texts: en };
}
