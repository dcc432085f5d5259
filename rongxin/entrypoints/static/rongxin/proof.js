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
    const say = place.dataset; // the page brings the words, in its reader's language
    let signature = say.unread, forged = false;
    try {
      forged = !await signed(proof.checkpoint, proof.key);
      signature = forged ? say.forged : say.signed;
    } catch { /* a browser without Ed25519 checks the path alone, and says so */ }
    place.className = holds && !forged ? "holds" : "fails";
    place.textContent = holds ? say.holds + signature : say.fails;
  }
  if (document.getElementById("proof-data")) check();
})();
