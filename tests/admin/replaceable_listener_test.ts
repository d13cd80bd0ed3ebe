// A listener that gets another inner listener while a caller accepts from it.
import { assertEquals, assertRejects } from "@std/assert";
import { replaceableListener } from "../../src/admin/replaceable_listener.ts";
import { turn } from "../support/fake_clock.ts";

/** A listener that a test answers; closing it ends the waiting calls, as Deno does. */
function listener(name: string, onClose: () => void = () => {}) {
  const waiting: PromiseWithResolvers<Deno.Conn>[] = [];
  let closes = 0;
  return {
    accept: () => {
      waiting.push(Promise.withResolvers());
      return waiting.at(-1)!.promise;
    },
    close: () => {
      closes++;
      for (const one of waiting.splice(0)) one.reject(new Deno.errors.BadResource(`${name} is closed`));
      onClose();
    },
    take: (connection: string) => waiting.shift()!.resolve(connection as unknown as Deno.Conn),
    closes: () => closes,
  };
}

Deno.test("an accepting caller goes on with the new listener and notices nothing", async () => {
  const [first, second] = [listener("first"), listener("second")];
  const replaceable = replaceableListener(first);
  const accepting = replaceable.accept();
  await replaceable.replace(() => Promise.resolve(second));
  await turn();
  second.take("a connection");
  assertEquals([await accepting as unknown, first.closes(), second.closes()], ["a connection", 1, 0]);
  replaceable.close();
  assertEquals([first.closes(), second.closes()], [1, 1]);
});

Deno.test("an error of accepting is the caller's unless the listener was replaced, and so is one of opening", async () => {
  const [first, second] = [listener("first"), listener("second")];
  const replaceable = replaceableListener(first);
  const accepting = replaceable.accept();
  await assertRejects(() => replaceable.replace(() => Promise.reject(new Error("no port"))), Error, "no port");
  await assertRejects(() => accepting, Deno.errors.BadResource, "first is closed");
  // It is closed already, which is no failure.
  await replaceable.replace(() => Promise.resolve(second));
  const next = replaceable.accept();
  await turn();
  replaceable.close();
  await assertRejects(() => next, Deno.errors.BadResource, "second is closed");
});

Deno.test("a listener that is opened while the whole is closed is closed, too", async () => {
  const [first, second] = [listener("first"), listener("second")];
  const opening = Promise.withResolvers<typeof second>();
  const replaceable = replaceableListener(first);
  const replacing = replaceable.replace(() => opening.promise);
  replaceable.close();
  opening.resolve(second);
  await replacing;
  assertEquals(second.closes(), 1);
});

Deno.test("that a listener is closed already is no failure, and another error of closing is one", async () => {
  const errors = [new Deno.errors.BadResource("closed"), new Error("unforeseen")];
  const replaceable = replaceableListener(listener("first", () => {
    throw errors.shift();
  }));
  replaceable.close();
  await assertRejects(() => replaceable.replace(() => Promise.resolve(listener("second"))), Error, "unforeseen");
});
