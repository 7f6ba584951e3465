/**
 * The operator's board in a browser: asks for the token, keeps it for this tab alone, and puts it into the headers of
 * what the board asks. Nothing that a browser would send by itself opens the board, so no other page can use it.
 */
const KEPT = 'slipway-admin-token';

function token(): string {
  const known = sessionStorage.getItem(KEPT);
  if (known !== null) return known;
  const given = (prompt("The operator's token (SLIPWAY_ADMIN_TOKEN)") ?? '').trim();
  sessionStorage.setItem(KEPT, given);
  return given;
}

const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function sendWithToken(this: XMLHttpRequest, ...body) {
  this.setRequestHeader('authorization', `Bearer ${token()}`);
  this.addEventListener('load', () => {
    if (this.status !== 403) return;
    sessionStorage.removeItem(KEPT);
    location.reload();
  });
  return send.apply(this, body);
};
