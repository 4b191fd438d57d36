# Dovecot with Pigeonhole: explains bounces on delivery by LMTP or dovecot-lda.
#
# Copy this file to /etc/dovecot/sieve/ and in 90-sieve.conf set, in plugin { ... }:
#
#   sieve_before = /etc/dovecot/sieve/explain-bounces.sieve
#   sieve_plugins = sieve_extprograms
#   sieve_global_extensions = +vnd.dovecot.filter
#   sieve_filter_bin_dir = /usr/lib/dovecot/sieve-filter
#
# Then, as root:
#
#   mkdir -p /usr/lib/dovecot/sieve-filter
#   ln -s /usr/bin/explainctl /usr/lib/dovecot/sieve-filter/
#   sievec /etc/dovecot/sieve/explain-bounces.sieve
#   doveadm reload
#
# Without explainctl, or if it fails, the bounce is delivered as it came.

require ["envelope", "variables", "vnd.dovecot.filter"];

# Bounces have a null sender; what else has one passes explainctl unchanged.
if allof (envelope :is "from" "", envelope :matches "to" "*") {
	# The reader's address chooses the language where the configuration has `domains`.
	filter "explainctl" ["dsn", "--reader", "${1}"];
}
