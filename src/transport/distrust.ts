/** Certificates that are not accepted: how OpenSSL and Node say so, and what mends it. */
import { codeOf } from '../errors.js';

const DISTRUSTED =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;

/** Of an error in connecting: it is the other side's certificate that is not accepted. */
export function isDistrust(error: unknown): boolean {
  return DISTRUSTED.test(codeOf(error) ?? '');
}

const MENDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'Give that replica a new one, and start it again.',
  CERT_NOT_YET_VALID: 'Correct the clock of this machine, or give that replica one that is valid now.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Give that replica one that names the host by which it is reached, or configure a host that it names.',
  INVALID_PURPOSE: 'Give that replica one that is for servers and for clients.',
};

/** What to do about a replica's certificate; `code`: why it is not accepted. */
export function mendOf(code: string | undefined): string {
  return (
    MENDS[code ?? ''] ??
    'Give that replica one of the authority that is trusted here (cluster.tls.caFile, or --tls-ca), or correct that.'
  );
}
