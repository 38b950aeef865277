import { expect, test } from "@jest/globals";
import { SessionTable } from "../../../../src/cluster/core/session-table.ts";

const entry = (session: string, handle: number) => ({
  ...{ session, process: "p", connection: `of ${session}`, handle, received: 0 },
});

test("if two sessions exchange their handles in a newer state, each handle belongs to its new session", () => {
  const table = new SessionTable("q");
  table.update([entry("x", 6), entry("y", 7)], []);
  table.replace([entry("y", 6), entry("x", 7)]);
  table.progress({ handle: 6, received: 60 });
  table.progress({ handle: 7, received: 70 });
  expect(table.entries().map(({ session, received }) => [session, received])).toEqual([
    ["x", 70],
    ["y", 60],
  ]);
});

test("the end of a session does not free its handle if the handle already belongs to another session", () => {
  const table = new SessionTable("q");
  table.update([entry("x", 6)], []);
  table.update([entry("y", 6)], []);
  table.update([], ["x"]);
  table.progress({ handle: 6, received: 1 });
  expect(table.entries()).toMatchObject([{ session: "y", received: 1 }]);
});
