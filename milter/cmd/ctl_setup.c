#include "ctl.h"
int ctl_setup(int argc, char **argv) { (void)argc; (void)argv; return 2; }
