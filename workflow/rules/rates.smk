rule rates:
    input:
        lambda wildcards: DATA if STUDIES[wildcards.study] else [],
    output:
        expand("<results>/rates/{{study}}/{table}.csv", table=RATES_TABLES),
    log:
        "<logs>/rates/{study}.log",
    benchmark:
        "<benchmarks>/rates/{study}.tsv"
    conda:
        CONDA
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        data=f"results/{config['run']}/data",
        folder=subpath(output[0], parent=True),
        settings=RATES_FLAGS,
        seed=config["seed"],
        code=lambda wildcards: digest(
            "optprimer.rates.commands", f"optprimer.rates.studies.{wildcards.study}"
        ),
    message:
        "Rates: {wildcards.study}"
    shell:
        "optprimer rates {wildcards.study} --data {params.data:q} --output {params.folder:q} {params.settings}"
        " --seed {params.seed} > {log:q} 2>&1"
