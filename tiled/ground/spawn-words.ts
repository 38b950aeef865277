// Recognizes names of places where players start, by the words that games use.
import { anyOf, lettersOf, madeOf, wordsOf } from "./names.ts";

// cspell:disable
/**
 * The name of a spawn of players consists only of these words. `Player Start` is such a name, but `Goblin Spawn` is
 * not.
 */
const WORDS = [
  ...["the", "default", "initial", "main", "players?", "hero", "characters?", "users?", "avatars?"],
  ...["(re)?spawn(ing)?", "start(ing)?", "points?", "pos", "positions?", "locations?", "places?"],
  ...["스폰", "시작", "출발", "플레이어", "지점", "위치"],
];

/** Additional words that may be in the name of a layer or of a property that stands for spawns. */
const LAYER_WORDS = ["is", "spawn(s|ers?)", "starts", "layers?", "tiles?", "objects?", "areas?", "zones?"];

/** Words for creatures and things that games spawn, other than players. */
const OTHERS = anyOf(
  ...["enem(y|ies)", "monster", "zombie", "skeleton", "slime", "goblin", "animal", "creature", "vehicle"],
  ...[
    "chest",
    "pick ?up",
    "power ?up",
    "weapon",
    String.raw`\b(mob|npc|bot|item|coin|boss)(e?s)?\b`,
    String.raw`\bloot\b`,
  ],
);
// cspell:enable

const SPAWN = madeOf(...WORDS);
const SPAWN_LAYER = madeOf(...WORDS, ...LAYER_WORDS);
const START = /spawn|start|스폰|시작|출발/;
const PLAYER = /^(the)?(players?|hero|main ?character|avatar)$/;

/** Returns whether an object's name or class stands for a place where players start. */
export function namesPlayerSpawn(name: string): boolean {
  return SPAWN.test(lettersOf(name)) && mentionsSpawn(name);
}

/** Returns whether the name of a layer or of a property stands for places where players start. */
export function namesSpawns(name: string): boolean {
  return SPAWN_LAYER.test(lettersOf(name)) && mentionsSpawn(name);
}

/** Returns whether a name has a word for spawns of players or of anything else. */
export function mentionsSpawn(name: string): boolean {
  return START.test(lettersOf(name));
}

/** Returns whether a name or a class stands for the player. */
export function namesPlayer(name: string): boolean {
  return PLAYER.test(wordsOf(name));
}

/** Returns whether a name has a word for the player. */
export function mentionsPlayer(name: string): boolean {
  return /player|hero/.test(lettersOf(name));
}

/** Returns whether a name or a class has a word for a creature or a thing that is not a player. */
export function mentionsOthers(name: string): boolean {
  return OTHERS.test(wordsOf(name));
}
