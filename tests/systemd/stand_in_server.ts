// A stand-in for a Honua server, and a client that keeps asking. Both are Perl, which every Debian has.

/** Takes two seconds to start, reads its configuration once, and answers with a setting of it; arguments: its port. */
export const STAND_IN_SERVER = String.raw`#!/usr/bin/perl
use strict; use warnings; use IO::Select; use IO::Socket::INET;
my ($port) = @ARGV;
my $path = $ENV{HONUA_CONFIG_PATH} // die "HONUA_CONFIG_PATH is not set\n";
die "the two settings differ\n" unless $path eq ($ENV{Honua__ConfigurationV2__Path} // '');
open my $file, '<', $path or die "$path: $!\n";
my $text = do { local $/; <$file> };
my ($size) = $text =~ /max_page_size = (\d+)/ or die "$path has no max_page_size\n";
sleep 2;
my $stopping = 0;
$SIG{TERM} = sub { $stopping = 1 };
$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128, ReuseAddr => 1)
  or die "port $port: $!\n";
my $ready = IO::Select->new($listener);
# Connections that the kernel accepted before the signal are still answered.
while (!$stopping || $ready->can_read(0)) {
  next unless $ready->can_read(0.1);
  my $client = $listener->accept or next;
  while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
  my $body = "$size\n";
  print $client "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
  close $client;
}
`;

/** Asks 127.0.0.1:5000 until SIGTERM, then writes how many answers were 200 and how many were not. */
export const CLIENT = String.raw`#!/usr/bin/perl
use strict; use warnings; use IO::Socket::INET;
my ($good, $bad, $stopping) = (0, 0, 0);
$SIG{TERM} = sub { $stopping = 1 };
until ($stopping) {
  my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 5000);
  my $answer = '';
  if ($socket) {
    print $socket "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    $answer = do { local $/; <$socket> } // '';
  }
  if ($answer =~ m{^HTTP/1\.1 200 .*\r\n\r\n\d+\n$}s) { $good++ } else { $bad++ }
  select undef, undef, undef, 0.005;
}
print "$good good, $bad bad\n";
`;

/** The unit of stand-ins, by their ports. */
export const STAND_IN_UNIT = `[Service]
User=www-data
ExecStart=/usr/local/bin/stand-in-server %i
TimeoutStopSec=10
`;
