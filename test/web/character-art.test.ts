// Tests how the number of a look determines its jacket and its hair.
import { expect, test } from "@jest/globals";
import { LOOKS } from "../../schema/player.ts";
import { HAIR, JACKETS, jacketOf, lookOf, partsOf } from "../../web/character-art.ts";

const looks = Array.from({ length: LOOKS }, (_, look) => look);

test("each look that the server accepts has its own combination of jacket and hair", () => {
  expect(JACKETS.length * HAIR.length).toBe(LOOKS);
  expect(looks.map((look) => lookOf(partsOf(look).jacket, partsOf(look).hair))).toEqual(looks);
  expect(new Set(looks.map((look) => `${jacketOf(look)} ${HAIR[partsOf(look).hair]}`)).size).toBe(LOOKS);
});

test("the page draws one of the known looks instead of a look that only a newer server knows", () => {
  expect(JACKETS).toContain(jacketOf(255));
  expect(HAIR[partsOf(255).hair]).toBeDefined();
});
