// The texts of the replay page, in each language.
import type { Hindrance, RecordingError } from "../replay/format.ts";
import type { Language } from "./language.ts";
import { count } from "./messages-en.ts";

const number = new Intl.NumberFormat("ko");

/** The texts. A missing text is a compile error. */
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
  noPlayers: string;
  players: (amount: number) => string;
  cutOff: string;
  differs: string;
  unreadable: string;
  hindrances: Record<Hindrance, string>;
  /** Returns a text that explains in detail why a file cannot be played. */
  detail: (error: RecordingError) => string;
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
  noPlayers: "no players",
  players: (amount) => count(amount, "player", "players"),
  cutOff: "This recording was cut off, or its room is still open. Playing the part that was recorded.",
  differs: "From here on, the replay differs from the recording:",
  unreadable: "This file cannot be played.",
  hindrances: {
    foreign: "This is not a sabang recording.",
    format: "This recording has an unsupported format.",
    damaged: "This recording is damaged.",
    empty: "This recording is empty.",
    rules: "This recording was made with different rules.",
    map: "The map of this recording differs from the one on this server.",
    version: "This recording was made with a different version of sabang.",
    truncated: "This recording was cut off, or its room is still open.",
  },
  detail: ({ message }) => message,
};

const ko: ReplayTexts = {
  title: "리플레이",
  choose: "리플레이 파일 열기",
  drop: "또는 .replay 파일을 이 페이지에 끌어다 놓으세요",
  play: "재생",
  pause: "일시정지",
  time: "시간",
  speed: "속도",
  follow: "따라가기",
  another: "다른 파일 열기",
  loading: "불러오는 중…",
  noPlayers: "플레이어 없음",
  players: (amount) => `플레이어 ${number.format(amount)}명`,
  cutOff: "중간에 잘렸거나 방이 아직 열려 있는 리플레이입니다. 녹화된 부분까지만 재생합니다.",
  differs: "여기부터 리플레이가 녹화된 게임과 다릅니다:",
  unreadable: "재생할 수 없는 파일입니다.",
  hindrances: {
    foreign: "sabang의 리플레이 파일이 아닙니다.",
    format: "지원하지 않는 형식의 리플레이입니다.",
    damaged: "손상된 리플레이입니다.",
    empty: "내용이 없는 리플레이입니다.",
    rules: "다른 규칙으로 녹화된 리플레이입니다.",
    map: "이 서버의 맵과 다른 맵에서 녹화된 리플레이입니다.",
    version: "다른 버전의 sabang에서 녹화된 리플레이입니다.",
    truncated: "중간에 잘렸거나 방이 아직 열려 있는 리플레이입니다.",
  },
  detail: ({ hindrance, details: { from, to, tick, rule, made, here } }) => {
    switch (hindrance) {
      case "damaged":
        return from === undefined ? "" : `${tick}틱 이후, ${from}~${to}번째 바이트가 손상되었습니다.`;
      case "format":
        return `파일의 형식은 ${made}이고, 이 페이지가 읽을 수 있는 형식은 ${here}입니다.`;
      case "rules":
        return `sim/rules.ts의 ${rule} 값이 녹화 당시에는 ${made}, 지금은 ${here}입니다.`;
      case "map":
        return made === here
          ? `녹화한 뒤에 "${made}" 맵의 벽이나 시작 위치가 바뀌었습니다.`
          : `"${made}" 맵에서 녹화되었지만, 이 서버의 맵은 "${here}"입니다.`;
      case "version":
        return `sabang ${made} 버전에서 녹화되었고, 이 서버는 ${here} 버전입니다.`;
      default:
        return "";
    }
  },
};

/** The texts, by language. */
export const REPLAY_TEXTS: Record<Language, ReplayTexts> = { en, ko };
