import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { answerMask, requestSecrets } from "../../src/hooks/request_secrets.ts";

interface Sent {
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly fromFiles?: readonly string[];
}

/** The masked answer to a request. */
function shown(answer: string, { url = "http://edge.test/", headers = {}, fromFiles = [] }: Sent): string {
  return answerMask(requestSecrets(new URL(url), new Headers(headers), fromFiles, null), true)(answer);
}

Deno.test("a header of a file is masked as a whole and without its scheme", () => {
  const sent = { headers: { "x-site": "Bearer hunter2" }, fromFiles: ["X-Site"] };
  assertEquals(
    shown("Bearer hunter2, bearer hunter2, BEARER:hunter2", sent),
    "[masked], bearer [masked], BEARER:[masked]",
  );
});

Deno.test("a header of the options is masked if its name or its value suggests a secret", () => {
  for (
    const name of [
      "Authorization",
      "Proxy-Authorization",
      "X-Auth",
      "X-Api-Key",
      "X-Subscription-Key",
      "X-Token",
      "Cookie",
    ]
  ) {
    assertEquals(shown("it was hunter2", { headers: { [name]: "hunter2" } }), "it was [masked]", name);
  }
  const key = `AKIA${"0123456789AB"}`;
  assertEquals(shown(`it was ${key}`, { headers: { "x-site": key } }), "it was [masked]");
  const plain = {
    accept: "application/json",
    "x-author": "somebody",
    "x-site": "north-1",
    "user-agent": "honua-configd",
  };
  assertEquals(shown(JSON.stringify(plain), { headers: plain }), JSON.stringify(plain));
});

Deno.test("basic credentials are masked as they were sent, decoded, and as only the password", () => {
  const sent = { headers: { authorization: `Basic ${btoa("us3r:hunter2")}` } };
  assertEquals(shown(`${btoa("us3r:hunter2")} us3r:hunter2 hunter2`, sent), "[masked] [masked] [masked]");
  assertEquals(shown("no such user: us3r", sent), "no such user: us3r");
  const token = { headers: { authorization: `Basic ${btoa("hunter2:")}` } };
  assertEquals(shown("no such user: hunter2", token), "no such user: [masked]");
});

Deno.test("parameters of a secret header are masked each if they are secrets", () => {
  const headers = { cookie: "session=hunter2; theme=dark", authorization: 'Token token="hunter3", realm="edge"' };
  assertEquals(shown("hunter2 hunter3 dark edge", { headers }), "[masked] [masked] dark edge");
});

Deno.test("the userinfo of a URL is masked, percent-encoded and decoded", () => {
  const sent = { url: "http://us3r:hunter2%3A%40@edge.test/" };
  assertEquals(shown("hunter2%3A%40 hunter2:@", sent), "[masked] [masked]");
  assertEquals(shown("hunter2", { url: "http://hunter2@edge.test/" }), "[masked]");
});

Deno.test("values of a query are masked by their name, their looks and their length", () => {
  const url =
    "http://edge.test/?key=hunter2-query&siteToken=a%2Fb%2Bc&code=hunter3&x=0123456789abcdef&site=north&hunter4-0123456789";
  const answer = new URL(url).search;
  assertEquals(
    shown(answer, { url }),
    "?key=[masked]&siteToken=[masked]&code=[masked]&x=[masked]&site=north&[masked]",
  );
  assertEquals(shown("a/b+c", { url }), "[masked]");
});

Deno.test("segments of a path are masked if they look like a token", () => {
  const url = "http://edge.test/services/T0000/hunter2AbCdEf0123456789/a-segment-with-nothing-but-words/";
  assertEquals(
    shown(`no ${new URL(url).pathname}`, { url }),
    "no /services/T0000/[masked]/a-segment-with-nothing-but-words/",
  );
});

Deno.test("a percent sign that begins no escape is no reason to fail", () => {
  const url = "http://us3r:hunter2%zz@edge.test/%zz/?key=%zzhunter3&%";
  assertEquals(shown("hunter2%zz %zzhunter3", { url }), "[masked] [masked]");
});

Deno.test("wherever an answer is cut, the beginning of a secret at its end is masked", () => {
  const secrets = new Set(["hunter2hunt", "Bearer hunter2hunt", "er2h"]);
  const mask = answerMask(secrets, false);
  for (let length = 4; length <= "Bearer hunter2hunt".length; length++) {
    assertEquals(mask(`it was ${"Bearer hunter2hunt".slice(0, length)}`), "it was [masked]", String(length));
  }
  assertEquals(mask("it was nothing"), "it was nothing");
  assertEquals(answerMask(secrets, true)("it was Bearer"), "it was Bearer");
});

Deno.test("wherever a token is sent as a credential, no echo shows it", () => {
  const token = fc.string({ unit: fc.constantFrom(..."abcXYZ0123456789-._~+/=%:@ "), minLength: 1, maxLength: 40 })
    .map((text) => `q9${text}9q`);
  fc.assert(fc.property(token, (secret) => {
    const encoded = encodeURIComponent(secret);
    const basic = btoa(`user:${secret}`);
    for (
      const sent of [
        { headers: { "x-site": secret }, fromFiles: ["x-site"] },
        { headers: { "x-site": `Bearer ${secret}` }, fromFiles: ["x-site"] },
        { headers: { authorization: `Bearer ${secret}` } },
        { headers: { authorization: `Basic ${basic}` } },
        { url: `http://user:${encoded}@edge.test/` },
        { url: `http://edge.test/?key=${encoded}` },
      ]
    ) {
      for (const echo of [secret, encoded, JSON.stringify({ token: secret }), `<${secret}>`]) {
        const answer = shown(`you sent ${echo}.`, sent);
        assert(!answer.includes("q9") && !answer.includes("9q"), `${JSON.stringify(sent)}: ${answer}`);
      }
    }
  }));
});

Deno.test("a value of a query is a token from 16 characters on, and a segment with letters and digits from 21", () => {
  const query = (value: string) => shown(value, { url: `http://edge.test/?x=${value}` });
  assertEquals([query("abcdefghijklmno"), query("abcdefghijklmnop")], ["abcdefghijklmno", "[masked]"]);
  // As it is read, not as it is written.
  assertEquals(query("abc%64efghijklmno"), "abc%64efghijklmno");
  const segment = (value: string) => shown(value, { url: `http://edge.test/a/${value}/b` });
  assertEquals([segment("abcdefghij0123456789"), segment("abcdefghij0123456789k")], [
    "abcdefghij0123456789",
    "[masked]",
  ]);
  for (const word of ["a".repeat(30), "1".repeat(30)]) assertEquals(segment(word), word);
});

Deno.test("the credentials of a proxy are secrets of the request, and its user only without a password", () => {
  const secrets = (url: string) => {
    const proxy = { url, name: "proxy:3128" };
    return answerMask(requestSecrets(new URL("http://edge.test/"), new Headers(), [], proxy), true);
  };
  assertEquals(secrets("http://us3r:hunter2@proxy:3128")("us3r hunter2"), "us3r [masked]");
  assertEquals(secrets("http://hunter2@proxy:3128")("hunter2"), "[masked]");
});

Deno.test("of a secret header's parameters the values are masked, quoted or not, with any separators", () => {
  const shownFor = (authorization: string) => shown("hunter2 hunter3 hunter4", { headers: { authorization } });
  assertEquals(shownFor('Digest token="hunter2",key=hunter3;\tpassword=hunter4'), "[masked] [masked] [masked]");
  assertEquals(shownFor("Bearer  \t hunter2"), "[masked] hunter3 hunter4");
  assertEquals(shownFor("hunter2"), "[masked] hunter3 hunter4");
  // A scheme has no equals sign: a text that has one is a parameter, and so is the text behind it.
  assertEquals(shown("x hunter2", { headers: { cookie: "session=hunter2 x" } }), "x [masked]");
});

Deno.test("the longest beginning of any secret at the end of an answer is masked, from four characters on", () => {
  const mask = answerMask(new Set(["abcdefgh", "cdefXYZ", "efabcdX"]), false);
  const cases = [["-abc", "-abc"], ["-abcd", "-[masked]"], ["-cdef", "-[masked]"], ["-abcdef", "-[masked]"]] as const;
  for (const [answer, expected] of [...cases, ["abcdefg", "[masked]"], ["abcdefgh", "[masked]"], ["", ""]] as const) {
    assertEquals(mask(answer), expected, answer);
  }
  assertEquals(mask("efabcd"), "[masked]");
});

Deno.test("the beginning of a secret is looked for also at the end of a shorter one, and up to its last equals sign", () => {
  assertEquals(answerMask(new Set(["abcdefg", "Zabcdefghij"]), false)("-Zabcdefg"), "-[masked]");
  const url = "http://edge.test/?key=hunter=2&site=north=1";
  assertEquals(shown("hunter=2 north=1", { url }), "[masked] north=1");
});
