import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and key for a server at 127.0.0.1, made now. */
export function serverPair(): { cert: string; key: string } {
  const dir = mkdtempSync(join(tmpdir(), "workbook-cert-"));
  try {
    const words =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key -out cert -subj /CN=localhost -days 2";
    execFileSync("openssl", [...words.split(" "), "-addext", "subjectAltName=IP:127.0.0.1"], {
      cwd: dir,
      stdio: "ignore",
    });
    return { cert: readFileSync(join(dir, "cert"), "utf8"), key: readFileSync(join(dir, "key"), "utf8") };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Was valid in January 2020. Its key was never kept. */
export const expiredCertificate = `-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBATAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARsYXRlMB4XDTIwMDEw
MTAwMDAwMFoXDTIwMDIwMTAwMDAwMFowDzENMAsGA1UEAwwEbGF0ZTBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABMArQZEzmgc5Ya1KoqiQWmip2bbRtSbQUuO0rdso
Us9x4WysPPWzt4+Aley1rjaVGuKvrrBqRntTdyJ5Zre3gpEwCgYIKoZIzj0EAwID
SQAwRgIhAJWwgncerPsVHkpe5saDJXQaskAaZyXCBGpzAyzG5fRtAiEAxf4/wWIl
eRw8zZIXeLx6Ocj/2PyQ5Gvz3zD1xThErIs=
-----END CERTIFICATE-----
`;
