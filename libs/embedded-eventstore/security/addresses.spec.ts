import { bindAddresses, certifiedHosts, chooseAddresses } from './addresses.js';
import { ListenError } from './errors.js';

/** What is chosen for a host; advertised host, TLS and password as given. */
function choose(host: string, advertiseHost?: string, tls: boolean = false, password: boolean = false) {
  return chooseAddresses({ host, advertiseHost, tls, password });
}

test.each(['127.0.0.1', '127.8.9.10', 'localhost'])('%s needs neither TLS nor a password', (host) => {
  expect(choose(host)).toEqual({ host, advertised: host });
  expect(choose(host, undefined, true)).toEqual({ host, advertised: host });
});

test.each(['0.0.0.0', '::', '192.168.1.5', 'db.example.cn', '127.evil.example', '::2', '128.0.0.1'])(
  '%s needs TLS and a password',
  (host) => {
    expect(() => choose(host, 'db.example.cn')).toThrow(
      /could reach the event store, .*give it TLS \(--tls\) and a password \(--password-file\), or/,
    );
    expect(() => choose(host, 'db.example.cn', true)).toThrow(/give it a password \(--password-file\), or/);
    expect(choose(host, 'db.example.cn', true, true)).toEqual({ host, advertised: 'db.example.cn' });
  },
);

test('a password without TLS is refused, because it would protect nothing', () => {
  expect(() => choose('127.0.0.1', undefined, false, true)).toThrow(/protects nothing without TLS/);
});

test.each(['0.0.0.0', '::', '::1'])('%s can not be dialled, so another host must be advertised', (host) => {
  expect(() => choose(host, undefined, true, true)).toThrow(/--advertise-host/);
  expect(choose(host, 'localhost', true, true).advertised).toBe('localhost');
});

test.each(['0.0.0.0', '::', '::1', 'a:2113', 'a b', '[::1]', '', '-a', 'a..b', 'a,b', 'a/b', 'a@b', `${'a'.repeat(64)}.cn`])(
  '"%s" can not be advertised',
  (advertised) => {
    expect(() => choose('127.0.0.1', advertised)).toThrow(ListenError);
  },
);

test.each(['', 'a b', '127.0.0.1:2113', 'http://x', '[::1]'])('"%s" is no host', (host) => {
  expect(() => choose(host, 'localhost', true, true)).toThrow(/neither an IP address nor a host name/);
});

test('localhost is both loopback addresses, everything else itself', () => {
  expect(bindAddresses('localhost')).toEqual(['127.0.0.1', '::1']);
  expect(bindAddresses('0.0.0.0')).toEqual(['0.0.0.0']);
});

test('a certificate is for this machine, the host and what is advertised, but for no wildcard', () => {
  const loopback = ['localhost', '127.0.0.1', '::1'];
  expect(certifiedHosts(choose('localhost'))).toEqual(loopback);
  expect(certifiedHosts(choose('0.0.0.0', 'db.example.cn', true, true))).toEqual([...loopback, 'db.example.cn']);
  expect(certifiedHosts(choose('10.0.0.7', 'db.example.cn', true, true))).toEqual([...loopback, '10.0.0.7', 'db.example.cn']);
});
