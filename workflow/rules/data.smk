rule data:
    output:
        provenance="<results>/data/provenance.json",
        arrays=expand(
            "<results>/data/{split}_{array}.npy",
            split=["train", "test"],
            array=["images", "labels"],
        ),
    log:
        "<logs>/data.log",
    benchmark:
        "<benchmarks>/data.tsv"
    retries: 1
    localrule: True  # it may need the network, which compute nodes often lack
    conda:
        CONDA
    resources:
        mem_mb=memory(3000),
    params:
        dataset=config["data"]["dataset"],
        image_size=config["data"]["image_size"],
        # A function, or Snakemake would take braces in the path for wildcards.
        archive=lambda wildcards: (
            ["--archive", config["data"]["archive"]]
            if config["data"]["archive"]
            else []
        ),
        folder=subpath(output.provenance, parent=True),
        code=digest("optprimer.data.commands:data_command"),
    message:
        "Data: {params.dataset} at {params.image_size} pixels"
    shell:
        "optprimer data --dataset {params.dataset} --image-size {params.image_size} {params.archive:q}"
        " --output {params.folder:q} > {log:q} 2>&1"
