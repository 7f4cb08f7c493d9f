import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkUrl } from "../../../src/upstream/connection/url-guard.ts";
import { runs } from "../../support/runs.ts";

const strict = { allowLoopback: false };
const development = { allowLoopback: true };

describe("checkUrl", () => {
  it.each([
    "https://mcp.example.com/mcp",
    "https://mcp.example.com:8443/mcp?x=1",
    "wss://mcp.example.com/socket",
    "https://8.8.8.8/mcp",
    "https://[2606:4700::1111]/mcp",
    "https://example.com./mcp",
    "https://münchen.example/mcp",
  ])("lets %s pass", (url) => {
    expect(checkUrl(url, strict)).toMatchObject({ ok: true });
  });

  it.each<[string, string]>([
    ["", "must be a valid URL"],
    ["mcp.example.com", "must be a valid URL"],
    ["ftp://example.com/", "must be an HTTPS URL"],
    ["file:///etc/passwd", "must be an HTTPS URL"],
    ["data:text/plain,hello", "must be an HTTPS URL"],
    ["http://mcp.example.com/mcp", "must be an HTTPS URL"],
    ["ws://mcp.example.com/mcp", "must be an HTTPS URL"],
    ["https://user:secret@example.com/", "must not contain credentials"],
    ["https://user@example.com/", "must not contain credentials"],
    ...[
      "https://localhost/",
      "https://api.localhost/",
      "https://localhost./",
      "https://127.0.0.1/",
      "https://127.1/",
      "https://0x7f.0.0.1/",
      "https://0177.0.0.1/",
      "https://2130706433/",
      "https://0.0.0.0/",
      "https://10.0.0.1/",
      "https://172.16.0.1/",
      "https://192.168.1.1/",
      "https://169.254.169.254/latest/meta-data/",
      "https://100.64.0.1/",
      "https://198.18.0.1/",
      "https://224.0.0.1/",
      "https://255.255.255.255/",
      "https://192.0.2.1/",
      "https://[::]/",
      "https://[::1]/",
      "https://[::ffff:127.0.0.1]/",
      "https://[::ffff:a9fe:a9fe]/",
      "https://[fe80::1]/",
      "https://[fc00::1]/",
      "https://[fd12:3456::1]/",
      "https://[64:ff9b::7f00:1]/",
      "https://[64:ff9b::a00:1]/",
      "https://[2002:7f00:1::]/",
      "https://[2002:c0a8:101::1]/",
      "https://[2001:db8::1]/",
      "https://[ff02::1]/",
      "https://metadata.google.internal/",
      "https://printer.local/",
      "https://intranet/",
      "https://router.home.arpa/",
      // S26
      "https://[::127.0.0.1]/",
      "https://[::10.0.0.1]/",
      "https://127.0.0.1../",
      "https://localhost../",
      "https://api.localhost../",
      "https://metadata.google.internal../",
      "https://db.default.svc/",
      "https://db.default.svc.cluster.local/",
      "https://vault.service.consul/",
    ].map((url): [string, string] => [url, "must resolve to a public IP address"]),
  ])("refuses %s because it %s", (url, reason) => {
    expect(checkUrl(url, strict)).toEqual({ ok: false, reason });
  });

  it.each([
    "http://localhost:3000/mcp",
    "http://127.0.0.1:3000/mcp",
    "ws://[::1]:3000/",
    "https://localhost/",
  ])("lets %s pass in development only", (url) => {
    expect(checkUrl(url, development)).toMatchObject({ ok: true });
    expect(checkUrl(url, strict)).toMatchObject({ ok: false });
  });

  it.each(["http://10.0.0.1/", "https://192.168.1.1/", "https://[::ffff:10.0.0.1]/", "http://example.com/"])(
    "refuses %s in development too",
    (url) => {
      expect(checkUrl(url, development)).toMatchObject({ ok: false });
    },
  );

  it("never lets a private IPv4 address pass, however it is spelled", () => {
    const spelled = fc
      .tuple(
        fc.constantFrom([10, 0, 0, 0], [127, 0, 0, 0], [192, 168, 0, 0], [169, 254, 0, 0]),
        fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
      )
      .map(([prefix, noise]) =>
        noise.map((byte, position) => (prefix[position] === 0 ? byte : (prefix[position] ?? 0))),
      )
      .chain((bytes) => {
        const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
        const hex = number.toString(16).padStart(8, "0");
        return fc.constantFrom(
          bytes.join("."),
          String(number),
          `0x${hex}`,
          bytes.map((byte) => `0${byte.toString(8)}`).join("."),
          bytes.map((byte) => `0x${byte.toString(16)}`).join("."),
          `[::ffff:${hex.slice(0, 4)}:${hex.slice(4)}]`,
          `[::ffff:${bytes.join(".")}]`,
          `[64:ff9b::${hex.slice(0, 4)}:${hex.slice(4)}]`,
          `[2002:${hex.slice(0, 4)}:${hex.slice(4)}::]`,
        );
      });
    fc.assert(
      fc.property(spelled, (host) => {
        expect(checkUrl(`https://${host}/`, strict), host).toMatchObject({ ok: false });
      }),
      { numRuns: runs(500) },
    );
  });
});
