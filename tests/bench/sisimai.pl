#!/usr/bin/perl
# sisimai.pl - what it costs Sisimai (Debian's libsisimai-perl) to parse bounces, for comparison with
# dsn_bench: the files' texts in turns, in one process, in memory. Time is processor time. Prints one
# JSON object.
# Usage: sisimai.pl COUNT FILE...
use strict;
use warnings;
use Sisimai;
use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID);

my ($count, @files) = @ARGV;
die "usage: sisimai.pl COUNT FILE...\n" unless @files;

my @texts = map {
    open my $file, '<', $_ or die "$_: $!\n";
    local $/;
    scalar <$file>;
} @files;

sub parse {
    my $text = shift;    # a copy, since Sisimai may change it
    return Sisimai->make(\$text);
}

# It loads its modules when it needs them first.
for my $i (0 .. $#texts) {
    parse($texts[$i]) or die "$files[$i]: Sisimai finds no bounce in it\n";
}
my $start = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
parse($texts[$_ % @texts]) for 0 .. $count - 1;
my $seconds = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $start;
printf "{\"messages\":%d,\"per_s\":%.1f,\"version\":\"%s\"}\n", scalar @texts, $count / $seconds, Sisimai->version;
