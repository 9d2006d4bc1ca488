/** Links that come to nothing because of TLS, in words for whoever operates the replica. */
import { codeOf, messageOf, PsmrError } from '../../errors.js';
import { mendOf } from '../distrust.js';
import type { TlsRefusal } from '../tls-refusal.js';
import type { DialledPeer } from './peer-refusal.js';

const ALIKE = 'Give all replicas cluster.tls, or none of them.';

const details = ({ id, host, port }: DialledPeer): Record<string, unknown> => ({ peer: id, host, port });
const place = ({ id, host, port }: DialledPeer): string => `replica ${id} at ${host}:${port}`;

/** The dialler does not accept the listener's certificate. */
export function distrusts(peer: DialledPeer, error: unknown): PsmrError {
  return new PsmrError(
    'UNAUTHORIZED',
    `The certificate of ${place(peer)} is not accepted (${messageOf(error).replace(/\W+$/, '')}); trying on. ${mendOf(codeOf(error))}`,
    { cause: error, details: details(peer) },
  );
}

/** The dialler has accepted the listener's certificate, and the listener ends the link when it has seen the dialler's. */
export function distrusted(peer: DialledPeer): PsmrError {
  return new PsmrError(
    'UNAUTHORIZED',
    `The link to ${place(peer)} was ended there after this replica had shown its certificate; trying on. ` +
      "Look there for why: most likely this replica's certificate (cluster.tls.certFile) has expired, or is not of the authority that is trusted there.",
    { details: details(peer) },
  );
}

/** `tls`: whether this end, the dialler, speaks it. */
export function speaksOtherwise(peer: DialledPeer, tls: boolean): PsmrError {
  const [theirs, ours] = tls ? ['without', 'with'] : ['with', 'without'];
  return new PsmrError(
    'INVALID_CONFIG',
    `No link to ${place(peer)}: it listens ${theirs} TLS, and this replica dials ${ours}; trying on. ${ALIKE}`,
    { details: details(peer) },
  );
}

/** What the listener has refused. */
export function refusedForTls({ why, code, remoteAddress }: TlsRefusal): PsmrError {
  const refused = `A link from ${remoteAddress ?? 'an address that is not known any more'} was refused:`;
  const options = { details: { remoteAddress } };
  switch (why) {
    case 'distrusted':
      return new PsmrError(
        'UNAUTHORIZED',
        `${refused} its certificate is not accepted (${code.toLowerCase().replaceAll('_', ' ')}). ${mendOf(code)}`,
        options,
      );
    case 'missing':
      return new PsmrError('UNAUTHORIZED', `${refused} it shows no certificate. ${ALIKE}`, options);
    case 'plain':
      return new PsmrError(
        'INVALID_CONFIG',
        `${refused} it comes without TLS, and this replica listens with TLS. ${ALIKE}`,
        options,
      );
  }
}
