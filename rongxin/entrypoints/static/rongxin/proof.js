// Checks on the reader's own machine that an entry is in the journal: the path of hashes (RFC 9162 §2.1.3.2) from the
// entry to the root that the signed checkpoint names, and the checkpoint's signature (Ed25519) where the browser can.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const utf8 = (text) => new TextEncoder().encode(text);
  const join = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { whole.set(part, at); at += part.length; }
    return whole;
  };
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

  async function root(body, index, size, path) {
    let hash = await sha256(Uint8Array.of(0), utf8(body));
    let at = BigInt(index), last = BigInt(size) - 1n;
    for (const sibling of path) {
      if (last === 0n) return null;
      if (at & 1n || at === last) {
        hash = await sha256(Uint8Array.of(1), sibling, hash);
        while (!(at & 1n) && at !== 0n) { at >>= 1n; last >>= 1n; }
      } else {
        hash = await sha256(Uint8Array.of(1), hash, sibling);
      }
      at >>= 1n; last >>= 1n;
    }
    return last === 0n ? hash : null;
  }

  async function signed(note, pem) {
    const end = note.indexOf("\n\n");
    const text = note.slice(0, end + 1);
    const der = bytes(pem.replace(/-----[A-Z ]+-----|\s/g, ""));
    const key = await crypto.subtle.importKey("spki", der, { name: "Ed25519" }, false, ["verify"]);
    for (const line of note.slice(end + 2).split("\n")) {
      const blob = line.startsWith("— ") ? bytes(line.split(" ")[2]) : new Uint8Array();
      if (blob.length === 68 && await crypto.subtle.verify("Ed25519", key, blob.slice(4), utf8(text))) return true;
    }
    return false;
  }

  async function check() {
    const place = document.getElementById("proof-result");
    const proof = JSON.parse(document.getElementById("proof-data").textContent);
    const lines = proof.checkpoint.split("\n");
    const found = await root(proof.body, proof.index, Number(lines[1]), proof.path.map(bytes));
    const holds = found !== null && same(found, bytes(lines[2]));
    let signature = "";
    try {
      signature = await signed(proof.checkpoint, proof.key) ? "，检查点签名有效" : "，但检查点签名无效";
    } catch { signature = "（此浏览器不能核验签名，可用命令行核验）"; }
    const good = holds && !signature.startsWith("，但");
    place.className = good ? "holds" : "fails";
    place.textContent = holds
      ? `已在您的浏览器中核验：记录在存证日志中，未被改动${signature}。`
      : "核验未通过：这条记录与存证日志不符，请向平台反映。";
  }
  if (document.getElementById("proof-data")) check();
})();
