from rongxin.entrypoints.cli.main import main

main()
