/* replay.c - gives the files named to a fuzz target, without libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_FILE ((size_t)64 << 20)

int main(int argc, char **argv)
{
	uint8_t *data = malloc(MAX_FILE);

	if (!data || argc < 2)
		return EXIT_FAILURE;
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "re");
		if (!file) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		size_t len = fread(data, 1, MAX_FILE, file);
		fclose(file);
		/* Named before, so that the last one is known when it aborts. */
		printf("%s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput(data, len);
	}
	free(data);
	return EXIT_SUCCESS;
}
