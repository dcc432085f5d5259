// Asks the browser for a passkey (WebAuthn) and hands its answer in by the form; what it signs is checked on the server.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function answer(way, asked) {
    const options = { ...asked, challenge: bytes(asked.challenge) };
    if (way === "create") {
      options.user = { ...asked.user, id: bytes(asked.user.id) };
      options.excludeCredentials = known(asked.excludeCredentials);
    } else {
      options.allowCredentials = known(asked.allowCredentials);
    }
    const made = await navigator.credentials[way]({ publicKey: options });
    const response = { clientDataJSON: text(made.response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[part]) response[part] = text(made.response[part]);
    }
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const line = form.querySelector("[role=alert]");
      line.hidden = true;
      try {
        const asked = JSON.parse(document.getElementById("passkey-options").textContent);
        form.elements.credential.value = await answer(form.dataset.passkey, asked);
      } catch {
        line.hidden = false;
        return;
      }
      form.submit();
    });
  }
})();
